"""What speed and memory are made of: `python -m benchmarks` (`make bench`) counts, measures and judges.

`wire` counts calls and round trips, `world` is the AWS that is measured against, `scenarios` are the situations,
`round_trips` puts the three together, `accepted` has the counts that are committed; `sandbox` is one cold function,
`footprint` measures it, `memory_size` derives from that what a MemorySize buys. Side by side: `time_to_cut`, over the
AWS of `distant`, with `classic` and `custodian`; `cold_start`. `cut_profile` and `start_profile` (over `start_phases`)
say where their time goes. At scale: `storms` and `sweep_scale`, over `throttling`.
`pipeline` is the whole way in the local cloud, `size` the package. `goals`, `report`, `picture` judge, print and draw.
A new measure is one more module that gives goals, and one more line in `__main__`.
"""
