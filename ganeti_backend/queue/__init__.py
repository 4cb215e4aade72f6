"""The job queue: jobs as values, their files, and what a restart makes of them."""
