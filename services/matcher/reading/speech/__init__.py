"""Read who speaks in a sentence from its structure, not from a list of names.

``words`` splits a sentence, ``speakers`` reads a description of a speaker, ``sentence`` finds the description beside a
verb, ``forms`` goes through the forms in which news names a speaker.
"""
