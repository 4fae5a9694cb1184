"""A card and a README are the same text below the front matter."""

from hypothesis import given
from hypothesis import strategies as st

from hubtrace.ingest.derive.blobs import body_digest

BODY = "# Yi\n\n" + "A model that was made with care. " * 10


def test_front_matter_line_ends_and_empty_lines_make_no_difference() -> None:
    same = {
        BODY,
        f"---\nlicense: mit\ntags:\n- x\n---\n{BODY}",
        f"\n\n---\nlicense: mit\n---\n\n\n{BODY}\n\n",
        f"---\r\nlicense: mit\r\n---\r\n{BODY}".replace("\n\n", "\r\n\r\n"),
        f"\ufeff---\n---\n{BODY}",
    }
    digests = {body_digest(text) for text in same}
    assert len(digests) == 1
    assert None not in digests


def test_another_text_is_another_text() -> None:
    assert body_digest(BODY) != body_digest(BODY.replace("Yi", "Xi"))
    assert body_digest(BODY) != body_digest(f"Above it.\n---\nlicense: mit\n---\n{BODY}")


def test_front_matter_that_never_ends_is_text() -> None:
    assert body_digest(f"---\n{BODY}") not in (None, body_digest(BODY))


def test_too_little_text_is_nobodys_own() -> None:
    assert body_digest("") is None
    assert body_digest("# Model card") is None
    assert body_digest("---\n" + "key: value\n" * 50 + "---\n# Model card\n") is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert body_digest(f"---\na: b\n---\n{text}") in (body_digest(text), None) or (
        text.lstrip().startswith("---")
    )
