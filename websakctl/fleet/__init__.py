"""Many Websaks: the ordinary commands as independent jobs, one for each target."""
