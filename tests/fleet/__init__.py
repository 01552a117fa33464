"""Many Websaks at once: real processes, a real Dask cluster, a dozen sandboxes (forty in make reliability)."""
