"""A small build tool that times its stages, and lets its operator send the timings."""
