"""`ci_workflow` on workflow files as people write them."""

import pytest

from hubtrace.ingest.evidence import in_repository
from tests.ingest.evidence.texts import repository

MATRIX = """
name: Sync
on: {push: {branches: [main]}}
jobs:
  sync:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        platform: [huggingface, elsewhere]
        repo: [Model-6B, Model-34B]
    steps:
      - uses: actions/checkout@v4
      - run: echo "REPO=${{ matrix.platform == 'huggingface' &&
          format('https://{0}:{1}@huggingface.co/acme/{2}', secrets.U, secrets.T, matrix.repo)
          || format('https://{0}@other.example/acme/{1}', secrets.T, matrix.repo) }}" >> $GITHUB_ENV
      - if: matrix.platform == 'huggingface'
        run: |
          git clone ${{ env.REPO }}
          git commit -m "Auto Sync from ${{ github.repositoryUrl }}/commit/${{ github.sha }}"
          git push ${{ env.REPO }}
"""


def published(workflow: str) -> list[str]:
    """Return the variants that a workflow of `Acme/Code` publishes to."""
    found = in_repository("Acme/Code", repository("Acme/Code", workflow=workflow))
    assert all((f.method, f.repository) == ("ci_workflow", "Acme/Code") for _, f in found)
    assert all("secret" not in f.said and "***" not in f.said for _, f in found)
    return sorted(name for name, _ in found)


def steps(*lines: str, head: str = "") -> str:
    """Return a workflow with one job of these lines."""
    body = "\n".join(f"      {line}" for line in lines)
    return f"on: push\n{head}\njobs:\n  go:\n    runs-on: x\n    steps:\n{body}\n"


def test_a_matrix_is_expanded_and_secrets_stay_unknown() -> None:
    assert published(MATRIX) == ["acme/Model-34B", "acme/Model-6B"]


@pytest.mark.parametrize(
    "lines",
    [
        ["- run: hf upload acme/model ./out . --commit-message x"],
        ["- run: hf upload --repo-type model acme/model"],
        ["- run: hf upload --repo-type=model acme/model out"],
        ["- run: uvx hf upload acme/model out"],
        ["- run: huggingface-cli upload acme/model out && echo done"],
        ["- run: .venv/bin/huggingface-cli upload-large-folder acme/model out"],
        ["- run: |", "    huggingface-cli upload \\", "      acme/model out"],
        ["- run: |", '    NAME="acme/model"', '    hf upload "$NAME" out'],
        ["- run: hf upload $NAME out", "  env: {NAME: acme/model}"],
        ["- run: hf upload ${{ env.NAME }} out", "  env: {NAME: acme/model}"],
        ["- run: hf upload ${NAME:-acme/model} out"],
        ["- run: hf upload ${{ github.repository_owner == 'Acme' && 'acme/model' }} out"],
        ["- run: git push https://bob:$HF_TOKEN@huggingface.co/acme/model main --force"],
        ["- run: git remote add hub https://bob:${{ secrets.T }}@huggingface.co/acme/model"],
        ["- run: git remote set-url hub git@hf.co:acme/model"],
        ["- uses: huggingface/hub-sync@v0.1.0", "  with:", "    repo_type: model",
         "    huggingface_repo_id: acme/model"],
        ["- uses: someone/huggingface-sync-action@v1", "  with:", "    repo_type: model",
         "    huggingface_repo_id: acme/${{ github.event.repository.name == 'Code' && 'model' }}"],
        ["- run: python -c \"m.push_to_hub('acme/model')\""],
        ["- run: |", "    python - <<X", '    upload_folder(repo_id="acme/model", path=".")'],
        ["- run: python train.py --push_to_hub --hub_model_id acme/model"],
        ["- run: python train.py --hub_model_id=acme/model --push_to_hub"],
    ],
)  # fmt: skip
def test_each_way_of_publishing_is_seen(lines: list[str]) -> None:
    assert published(steps(*lines)) == ["acme/model"]


@pytest.mark.parametrize(
    "lines",
    [
        ["- run: hf download acme/model"],
        ["- run: hf upload --repo-type dataset acme/model out"],
        ["- run: hf upload your-username/model out"],
        ["- run: hf upload $UNKNOWN/model out"],
        ["- run: hf upload ${{ secrets.NAME }} out"],
        ["- run: git clone https://huggingface.co/acme/model"],
        ["- run: git push https://huggingface.co/spaces/acme/demo main"],
        ["- run: echo hf upload", "- run: '# hf upload acme/model'"],
        ["- run: hf upload acme/model", "  if: false"],
        ["- run: hf upload acme/model", "  if: github.repository == 'other/fork'"],
        ["- uses: huggingface/hub-sync@v0.1.0", "  with: {huggingface_repo_id: acme/model}"],
        ["- uses: actions/checkout@v4", "  with: {repo_type: model, repo_id: acme/model}"],
        ["- run: python -c \"AutoModel.from_pretrained('acme/model')\""],
        ["- run: |", '    upload_folder(repo_id="acme/model", repo_type="dataset")'],
        ["- run: python train.py --hub_model_id acme/model"],
    ],
)  # fmt: skip
def test_what_publishes_no_model_is_not(lines: list[str]) -> None:
    assert published(steps(*lines)) == []


def test_the_defaults_of_inputs_and_included_cells_count() -> None:
    workflow = """
on:
  workflow_dispatch:
    inputs:
      org: {default: acme}
env: {PREFIX: "${{ inputs.org }}/model"}
jobs:
  go:
    strategy:
      matrix:
        size: [1b, 7b]
        include:
          - {size: 7b, kind: -chat}
          - {size: 70b, kind: -big}
    steps:
      - run: hf upload ${{ env.PREFIX }}-${{ matrix.size }} out
  named:
    strategy:
      matrix:
        target: [{repo: acme/a}, {repo: acme/b}]
    steps:
      - run: hf upload ${{ matrix.target.repo }} out
"""
    assert published(workflow) == [
        "acme/a", "acme/b", "acme/model-1b", "acme/model-70b", "acme/model-7b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[", "a: b", "jobs: 3", "jobs: {a: 1}", "\0", "jobs: {a: {steps: [1, {}]}}"]
)
def test_a_broken_workflow_publishes_nothing(text: str) -> None:
    assert published(text) == []
