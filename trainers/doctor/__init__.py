"""The training doctor: watches a run and says in one line what goes wrong and what to change.

`conditions` names what it knows, `limits` where each begins, `suggestions` what to set;
`baseline` and `probe` measure, `checks` and `watch` judge, `ledger` decides when to speak,
`callback` ties them to a run. The statistics are `tfgan_models.analysis.diagnosis`.
"""
