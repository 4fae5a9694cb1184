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
        ["- run: pixi run convert upload out --repo-id acme/model --release v1 # hf"],
        ["- run: hf upload --repo-type=model acme/model out"],
        ["- run: uvx hf upload acme/model out"],
        ["- run: huggingface-cli upload acme/model out && echo done"],
        ["- run: .venv/bin/huggingface-cli upload-large-folder acme/model out"],
        ["- run: |", "    huggingface-cli upload \\", "      acme/model out"],
        ["- run: |", '    NAME="acme/model"', '    hf upload "$NAME" out'],
        ["- run: if false; then x; else hf upload acme/model; fi"],
        ["- run: if false; then if y; then x; fi; fi; if true; then hf upload acme/model; fi"],
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
        ["- run: if false; then if x; then hf upload acme/model; fi; hf upload acme/model; fi"],
        ["- run: |", "    if false", "    then", "    hf upload acme/model", "    fi"],
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


SHAPES: list[tuple[str, list[str], list[str]]] = [
    (
        "a script of which only the call is known",
        ["- run: python scripts/retrain.py", "- if: success()", "  run: |",
         "    python -m pip install --no-cache-dir huggingface_hub",
         '    python scripts/push_to_hf.py --model-dir out --repo "acme/model"'],
        ["acme/model"],
    ),
    (
        "a model and a data set in one release",
        ["- run: |", "    huggingface-cli upload acme/model models/ \\",
         "      --repo-type model \\",
         '      --commit-message "Release ${{ github.ref_name }}"',
         "- run: |", "    huggingface-cli upload acme/corpus data/ \\",
         "      --repo-type dataset"],
        ["acme/model"],
    ),
    (
        "a remote whose address ends in .git",
        ["- run: |",
         "    git remote add hf https://acme:${{ secrets.T }}@huggingface.co/acme/model.git",
         "    git push hf main"],
        ["acme/model"],
    ),
    (
        "a model of the repository's owner",
        ["- run: |", "    huggingface-cli login --token $HF_TOKEN",
         "    huggingface-cli upload ${{ github.repository_owner }}/model \\",
         "      ./inference/model \\", "      --repo-type model"],
        ["Acme/model"],
    ),
    (
        "a name that only a secret has",
        ["- run: |", "    python - <<'EOF'", "    from huggingface_hub import HfApi",
         "    import os",
         "    HfApi(token=os.environ['HF_TOKEN']).upload_folder(", "        folder_path='ml',",
         "        repo_id=os.environ['HF_REPO_ID'],", "        repo_type='model',", "    )",
         "    EOF", "  env: {HF_REPO_ID: '${{ secrets.HF_REPO_ID }}'}"],
        [],
    ),
    (
        "code in double quotes over several lines",
        ["- run: |", '    python -c "', "    from huggingface_hub import HfApi",
         "    api = HfApi()",
         "    api.upload_folder(", "        folder_path='output',", "        repo_id='acme/model',",
         "        commit_message='From ${{ github.sha }}'", '    )"'],
        ["acme/model"],
    ),
    (
        "code in single quotes over several lines",
        ["- run: |", "    python -c '", "    import os; from huggingface_hub import HfApi",
         '    HfApi(token=os.environ["T"]).upload_folder(folder_path=".", repo_id="acme/model")',
         "    '", "  env: {MESSAGE: '${{ github.event.head_commit.message }}'}"],
        ["acme/model"],
    ),
    (
        "a name that ends in the tag of the day",
        ["- run: |", "    python scripts/upload_hf_model.py \\", "      --organization acme \\",
         "      --model-name model-$(git describe --tags)"],
        [],
    ),
    (
        "a script for data sets",
        ["- run: uv run --no-project --with huggingface_hub python scripts/publish_hf_dataset.py"
         " --repo-id acme/hub"],
        [],
    ),
    (
        "a script for any kind, told to publish an app",
        ["- run: python tools/upload_to_hf.py --repo-id acme/app --repo-type space"],
        [],
    ),
    (
        "a snapshot without history, to an app",
        ["- run: git checkout --orphan snapshot && git commit -m x", "- run: |",
         "    git remote add hf \\",
         "      https://acme:${{ secrets.T }}@huggingface.co/spaces/acme/app",
         "    git push hf snapshot:main --force"],
        [],
    ),
    (
        "a folder of the repository, pushed as a tree of its own",
        ["- run: |",
         "    git remote add hf https://acme:${{ secrets.T }}@huggingface.co/acme/model",
         "    git push hf `git subtree split --prefix model main`:main --force"],
        ["acme/model"],
    ),
    (
        "a trusted publisher of an app",
        ["- env: {HF_OIDC_RESOURCE: spaces/acme/app}",
         '  run: hf upload spaces/acme/app . . --commit-message "Deploy ${GITHUB_SHA::7}"'],
        [],
    ),
    (
        "names that are put together, a data set, and a look at what was published",
        ["- run: |", '    MODEL_ID="${HF_ORG}/${MODEL_REPO}"',
         '    DATA_ID="${HF_ORG}/${DATA_REPO}"',
         '    hf repo create "$MODEL_ID" --type model --exist-ok',
         '    hf upload "$MODEL_ID" staging/model . --repo-type model',
         '    hf upload "$DATA_ID" staging/data . --repo-type dataset',
         '    hf download "$MODEL_ID" --local-dir out',
         "  env: {HF_ORG: acme, MODEL_REPO: model, DATA_REPO: data}"],
        ["acme/model"],
    ),
    (
        "a model and an app from one script",
        ["- run: |", "    .venv/bin/python - <<'PY'", "    MODEL = 'acme/model'",
         "    api.create_repo(MODEL, repo_type='model', exist_ok=True)",
         "    api.upload_large_folder(folder_path='m', repo_id=MODEL, repo_type='model')",
         "    SPACE = 'acme/app'",
         "    api.upload_folder(folder_path='s', repo_id=SPACE, repo_type='space')", "    PY"],
        ["acme/model"],
    ),
    (
        "a clone of an app whose names are secrets",
        ["- run: |",
         "    HF=https://x:${{ secrets.T }}@huggingface.co/spaces/${{ vars.N }}",
         "    git clone $HF out", "    cd out", "    git lfs install", "    git push"],
        [],
    ),
]  # fmt: skip
"""Shapes of workflows that a search of public repositories found, in our own words, and what each
publishes to."""


@pytest.mark.parametrize(("shape", "lines", "models"), SHAPES, ids=[shape for shape, *_ in SHAPES])
def test_workflows_as_repositories_have_them(
    shape: str, lines: list[str], models: list[str]
) -> None:
    assert published(steps(*lines)) == models, shape


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
