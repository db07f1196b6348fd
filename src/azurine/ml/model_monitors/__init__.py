"""Model monitors: what a schedule whose action is `CreateMonitor` does at its times.

    definitions   the monitor that was written → the plan of each of its signals, for one time; what is wrong is noted at its path
    defaults      the signals of a monitor that names none, of what its deployment collects
    signals       one signal: its data, features, thresholds
    data          one side of a signal: which data, which columns, which stretch of time
    firing        the job of one time
    answers       the definition as clients expect to get it back

https://learn.microsoft.com/azure/machine-learning/how-to-monitor-model-performance
"""
