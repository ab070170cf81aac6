"""From labelled rows to a bundle: search and choose settings, fit models, train again."""
