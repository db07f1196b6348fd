"""The door at which endpoints answer: `POST /endpoints/{name}/score` and its neighbours.

    door      who asks, which deployment, what comes back       fronts     what is known of an endpoint, ready to be used
    lanes     the line in front of one deployment's processes   upstream   one connection to one process
    counting  the metrics page                                  actions    keys, tokens and logs through Azure's paths

It stands before the layers of the management doors, since it has callers, keys and errors of its own and is measured in microseconds.
"""
