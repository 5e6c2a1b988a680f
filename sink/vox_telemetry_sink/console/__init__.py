"""The console: pages for the people who run the sink, under /console. `router.py` lists them."""
