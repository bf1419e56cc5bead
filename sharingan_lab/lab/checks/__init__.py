"""The checks of the exercises: what a student wrote in, words that teach out.

`verdict` runs a check and turns whatever happens into one message, `answers` reads what students
write, and `lesson_NN` holds the checks of a lesson, a function each: `exercise_1` for exercise
"NN.1", `my_psnr` for "NN.my_psnr". A check tests properties and independent references within
tolerances, never a training loss, and needs none of the lesson's long experiments. Lessons call
:func:`sharingan_lab.lab.check`.
"""
