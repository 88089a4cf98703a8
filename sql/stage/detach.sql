detach _stage
