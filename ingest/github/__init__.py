"""GitHub as a host: what PyGithub's wire tells of repositories, with manners and limits."""
