"""What "in step" means, pure: which values belong together, who wins, what is our own echo. Calls nobody."""
