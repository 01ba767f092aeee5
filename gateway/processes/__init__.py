"""The programs that run: web, worker, everything of one machine, and the threads inside them."""
