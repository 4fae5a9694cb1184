"""Origins: which files of a variant are, byte for byte, files of a repository, and since when.

    pointers     the blob id of a git LFS pointer, from what it points to
    boilerplate  the ids of files that are in everybody's repositories
    readmes      a README without what the Hub puts before it
    forks        repositories that are one history
    holdings     who holds which file since which commit, as Arrow columns
    copies       the copies: each file of a variant joined with its origin in each repository

A file is told by its git blob id, so a rename cannot hide it (docs/decisions/0023). Everything is
done in sorted passes over Arrow columns: a million files are a matter of seconds.
"""
