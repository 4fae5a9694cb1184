"""The names that other tools know projects by: package URLs (purl)."""

from urllib.parse import urlsplit

from packageurl import PackageURL

from queries.audit.wording import is_day

_TYPES = {"github.com": "github", "huggingface.co": "huggingface"}


def package_url(url: str | None, version: str | None) -> PackageURL | None:
    """Return `pkg:huggingface/ns/name@sha` or `pkg:github/owner/name@sha`; None for other places.

    Source: the purl specification's types `huggingface` and `github`.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    type_ = _TYPES.get(parts.netloc)
    namespace, _, name = parts.path.strip("/").removesuffix(".git").rpartition("/")
    if type_ is None or not name or "/" in namespace:
        return None
    known = version if version and not is_day(version) else None
    return PackageURL(type_, namespace or None, name, known)
