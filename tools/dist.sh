#!/bin/sh
# Builds the distributions into dist/, and into sbom/ the bill of materials (CycloneDX) of an
# installation of the wheel: hubtrace, and what it was tested with.
set -eu
work=build/release
rm -rf dist sbom "$work"
"$PYTHON" -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
"$work/tools/bin/python" -m pip install --quiet --constraint constraints.txt --group release
"$work/tools/bin/python" -m hatchling build
"$PYTHON" -m venv --without-pip "$work/installed"
"$work/tools/bin/python" -m pip --python "$work/installed" install --quiet \
    --constraint constraints.txt dist/hubtrace-*.whl
mkdir sbom
"$work/tools/bin/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible \
    --output-file sbom/hubtrace.cdx.json "$work/installed/bin/python"
