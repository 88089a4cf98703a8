-- Write everything into the one file. Closing does so too, but says nothing where it cannot.
checkpoint
