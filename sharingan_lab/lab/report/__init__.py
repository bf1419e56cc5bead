"""The report: an `order` is checked, `run` executes its lessons, `pages` writes what came out.

`catalogue` knows the lessons and `course` checks their stored outputs; `execution` starts a
kernel a lesson; `findings` reads executed notebooks; `export` and `equations` make pages.
"""
