"""`ci_workflow` on workflow files as people write them."""

import pytest

from hubtrace.ingest.evidence import in_repository
from hubtrace.ingest.records import HostData, ProjectMetadata, Text
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
        ["- run: git remote add hub https://bob:${{ secrets.T }}@huggingface.co/acme/model",
         "- run: git push hub main"],
        ["- run: |", "    git remote set-url origin git@hf.co:acme/model", "    git push"],
        ["- run: |", "    git clone https://b:${T}@huggingface.co/acme/model out", "    cp x out/",
         "    cd out", "    git add . && git commit -m x", "    git push"],
        ["- run: git clone https://huggingface.co/acme/model",
         "- run: git -C model push origin main"],
        ["- run: git clone https://hf.co/acme/model out", "- run: (git add . && git push)",
         "  working-directory: out"],
        ["- run: |", "    for m in model; do", '      hf upload "acme/$m" out/$m .', "    done"],
        ["- run: |", "    ALL=(model)", '    for m in "${ALL[@]}"; do hf upload acme/$m .; done'],
        ["- run: huggingface-cli upload --private --commit-message x acme/model ./out ."],
        ["- run: |", '    echo "to be uploaded"; hf upload acme/model . .'],
        ["- run: bash -c 'hf upload acme/model . .'"],
        ["- {id: t, run: 'echo \"repo=acme/model\" >> \"$GITHUB_OUTPUT\"'}",
         "- run: hf upload ${{ steps.t.outputs.repo }} . ."],
        ["- run: python -c \"import os; HfApi().upload_folder(repo_id=os.environ['R'])\"",
         "  env: {R: acme/model}"],
        ["- run: |", "    python - <<'PY'", "    target = 'acme/' + 'model'",
         "    upload_file(path_or_fileobj='a', path_in_repo='a', repo_id=target)", "    PY"],
        ["- run: |", "    for name in ['model']:",
         "        api.upload_folder(repo_id=f'acme/{name}')",
         "  shell: python"],
        ["- run: |", "    python - <<'PY'", "    def send(repo, kind='model'):",
         "        api.upload_folder(folder_path='m', repo_id=repo, repo_type=kind)",
         "    send('acme/model')", "    send('acme/data', kind='dataset')", "    PY"],
        ["- run: |", "    python - <<'PY'",
         "    a.upload_folder(folder_path='m', repo_id='acme/model')",
         "    a.upload_folder(folder_path='d', repo_id='acme/data', repo_type='dataset')",
         "    load_dataset('x').push_to_hub('acme/data')", "    PY"],
        ["- run: python scripts/upload_to_hf.py --repo-id acme/model --dir out"],
        ["- uses: someone/upload-to-huggingface@v2", "  with: {repo_id: acme/model}"],
        ["- run: ./release.sh", "  env: {HF_OIDC_RESOURCE: acme/model}"],
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
        ["- run: python -c \"snapshot_download(repo_id='acme/model')\""],
        ["- run: |", "    python - <<'PY'", "    snapshot_download(repo_id='acme/model')",
         "    HfApi().model_info(repo_id='acme/model')",
         "    # api.upload_folder(folder_path='o', repo_id='acme/model')",
         "    api.upload_folder(folder_path='o', repo_id='acme/x', repo_type='dataset')", "    PY"],
        ["- run: |", "    git remote add up https://huggingface.co/acme/model", "    git fetch up",
         "    git push"],
        ["- run: git clone https://huggingface.co/acme/model", "- run: git push origin main"],
        ["- run: git remote add hub https://huggingface.co/acme/model"],
        ["- run: echo hf upload acme/model . ."],
        ["- run: echo \"run && hf upload acme/model . .\""],
        ["- run: |", "    cat <<EOF > help.txt", "    hf upload acme/model . .", "    EOF"],
        ["- run: python scripts/evaluate.py --repo-id acme/model"],
    ],
)  # fmt: skip
def test_what_publishes_no_model_is_not(lines: list[str]) -> None:
    assert published(steps(*lines)) == []


def test_cells_that_are_left_out_and_jobs_that_call_others() -> None:
    workflow = """
jobs:
  go:
    strategy:
      matrix:
        size: [1b, 7b]
        kind: [base, chat]
        exclude: [{size: 1b, kind: chat}]
    steps:
      - run: hf upload acme/m-${{ matrix.size }}-${{ matrix.kind }} out
  later:
    needs: first
    strategy: {matrix: {name: "${{ fromJSON(needs.first.outputs.names) }}"}}
    steps:
      - run: hf upload acme/${{ matrix.name }} out
  first:
    outputs: {names: "${{ steps.list.outputs.names }}"}
    steps:
      - id: list
        run: echo 'names=["left", "right"]' >> $GITHUB_OUTPUT
  synced:
    uses: someone/hf-sync-action/.github/workflows/sync_with_hf_hub.yml@main
    with: {github_repo_id: acme/code, huggingface_repo_id: acme/synced, repo_type: model}
  space:
    uses: someone/hf-sync-action/.github/workflows/sync_with_hf_hub.yml@main
    with: {huggingface_repo_id: acme/demo}
"""
    assert published(workflow) == [
        "acme/left", "acme/m-1b-base", "acme/m-7b-base", "acme/m-7b-chat", "acme/right",
        "acme/synced",
    ]  # fmt: skip


def test_a_workflow_of_the_repository_is_called_with_its_inputs_and_scripts_are_read() -> None:
    caller = """
jobs:
  one: {uses: ./.github/workflows/send.yml, with: {model: acme/one}}
  two: {uses: ./.github/workflows/send.yml, with: {model: acme/two}}
"""
    called = """
on: {workflow_call: {inputs: {model: {type: string}}}}
jobs:
  send:
    steps:
      - run: hf upload ${{ inputs.model }} out
      - run: python tools/send.py --to acme/three
"""
    script = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--to", default="acme/none")
options = parser.parse_args()
def main():
    HfApi().upload_folder(folder_path="out", repo_id=options.to)
main()
"""
    texts = (
        Text("workflow", ".github/workflows/release.yml", None, caller),
        Text("workflow", ".github/workflows/send.yml", None, called),
        Text("script", "tools/send.py", None, script),
    )
    found = in_repository("Acme/Code", HostData(ProjectMetadata("r", "Acme/Code"), texts=texts))
    assert {name for name, _ in found} == {"acme/one", "acme/two", "acme/three"}


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
