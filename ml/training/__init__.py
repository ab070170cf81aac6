"""From labelled rows to a bundle: settings are searched and chosen, models are fitted."""
