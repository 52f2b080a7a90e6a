"""Sentences that ask a classifier one question each: is it the insult it reacts to, or the language?"""
