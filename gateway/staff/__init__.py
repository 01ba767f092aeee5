"""What hospital staff do from their duty phone: their patients, answers, beds and status, and
referring a patient onward. Whoever asks has made sure that the phone is the hospital's.
"""
