"""The 15 change types of the study (arXiv 2508.10157), in the words of its labels.

They come from Bhatia et al., "Towards a change taxonomy for machine learning pipelines"
(arXiv 2203.11365), and are described here in our own words.
"""

from enum import StrEnum


class ChangeType(StrEnum):
    """What a commit changes. Of two types of one commit the one that stands first counts more."""

    MODEL_STRUCTURE = "model structure"
    """What the network is: its architecture and code; downstream also other weights."""
    PREPROCESSING = "preprocessing"
    """What is done to data before the model sees it: cleaning, tokenizers, prompts."""
    TRAINING_INFRASTRUCTURE = "training infrastructure"
    """How weights are made: loops, losses, optimizers, checkpoints, machines."""
    INPUT_DATA = "input data"
    """What goes in: datasets, splits, and how they are fetched and loaded."""
    PARAMETER_TUNING = "parameter tuning"
    """Values instead of code: hyperparameters, configurations, defaults."""
    VALIDATION_INFRASTRUCTURE = "validation infrastructure"
    """How good or how right it is: evaluations, metrics and their results, tests, CI."""
    PIPELINE_PERFORMANCE = "pipeline performance"
    """The same in less time or memory: kernels, precision, caches, quantization."""
    OUTPUT_DATA = "output data"
    """What comes out and how it is kept: predictions, generation, logs, results."""
    SHARING = "sharing"
    """Handing over to others: uploads, formats, packages, containers, services, syncs."""
    ADD_DEPENDENCY = "add dependency"
    """Something new must be installed or imported."""
    UPDATE_DEPENDENCY = "update dependency"
    """Another version of it, or code that follows that version."""
    REMOVE_DEPENDENCY = "remove dependency"
    """It is no longer needed; downstream also: a file that others load is gone."""
    INTERNAL_DOCUMENTATION = "internal documentation"
    """For those who work on the code: comments, docstrings, types, style."""
    PROJECT_METADATA = "project metadata"
    """Facts about the project: versions, authors, licence, tags, settings of git."""
    EXTERNAL_DOCUMENTATION = "external documentation"
    """For users: READMEs, model cards, manuals, examples, notebooks."""


IMPORTANCE = {type_: place for place, type_ in enumerate(ChangeType)}
"""The place of each type: the smaller, the more it counts."""


class Area(StrEnum):
    """What part of a project a file is."""

    CODE = "code"
    """Code that the weights depend on."""
    WEIGHTS = "weights"
    TOKENIZER = "tokenizer"
    CONFIG = "config"
    DATA = "data"
    DOCS = "docs"
    CI = "ci"
    TESTS = "tests"
    DEPENDENCIES = "dependencies"
    OTHER = "other"
