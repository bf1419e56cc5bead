"""From one lesson to what a class needs: student, instructor and nbgrader builds, and grades.

`exercises` finds the exercises of a lesson, `needs` the cells that they need, `build` makes the
builds, `handed_in` reads what students hand in, whatever it is, and `grading` judges it.
"""
