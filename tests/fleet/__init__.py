"""Many Websaks at once: real processes, a real Dask cluster, up to forty sandboxes."""
