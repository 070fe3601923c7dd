"""Where prediction meets measurement: cases, experiments and one check per claim."""
