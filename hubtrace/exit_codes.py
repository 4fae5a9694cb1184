"""What a command ends with, for scripts and CI; 0 where all is well."""

FINDINGS = 1
"""Findings of the gate, problems of the doctor, or differences that were asked for."""
FAILED = 2
"""Bad input, or something that could not be read or written; one sentence says what."""
UNDECIDED = 3
"""No finding, but something that was asked for could not be decided."""
INTERRUPTED = 130
"""By Ctrl-C, as of every program."""

IN_A_SENTENCE = (
    f"Exit codes: 0 all is well, {FINDINGS} findings, {FAILED} an error, "
    f"{UNDECIDED} something could not be decided."
)
