"""Public names that the fuzz leaves alone, and why."""

__all__ = ["EXEMPT", "MODULES"]

THE_CHECKS = """
    theorems.checked.above_zero theorems.checked.at_least_zero theorems.checked.checked theorems.checked.count
    theorems.checked.matrix theorems.checked.number theorems.checked.numbers
    theorems.checked.rows models.checked.broadcast_tensor
    models.checked.finite_number models.checked.finite_tensor
    models.checked.fitting models.checked.known_blocks
    models.checked.of_kind models.checked.positive_number models.checked.whole_number
"""
"""What refuses bad input elsewhere, and so is fuzzed with every function that uses it."""

RECORDS = """
    theorems.blocks.KernelBlocks theorems.figure1.Diagram theorems.figure1.Part models.ball.Moved models.cars.Box
    models.cell.Cell models.contraction.PairSums models.discovery.Best models.faces.Faces models.factors.FactorGrid
    models.activations.Buffers models.cell.Group models.step.Step models.step.Workspace models.step.joined
    models.step.training_gradient models.divergence.LatentKL models.divergence.WeightKL models.endpoint.Endpoint
    models.implicit.GaussNewton models.regularised.Point models.regularised.Regularised
    models.rungekutta.DormandPrince8 models.snn.Features models.span.DiagonalMetric models.span.FullMetric
    models.span.Span models.span.UniformMetric models.stopping.Fit models.tangent.TangentKernel
    models.traced.TracedKernel models.vae.Design models.vae.Encoded models.vae.Loss models.vae.VAE
    models.vae_training.Schedule models.training.State
"""
"""What a function hands on to others, made of numbers that were checked before."""

OUR_OBJECTS = """
    theorems.definition1.mean_kernel theorems.definition1.one_draw_kernel theorems.definition1.shared_noise_kernel
    theorems.duals.Dual theorems.duals.dual_of theorems.duals.has_closed_form theorems.setting.Activation
    models.activations.MeanActivation models.activations.mean_activation models.operator.largest_eigenvalue
    models.operator.limit_operator models.operator.smallest_eigenvalue models.operator.spectral_norm
    models.span.Metric
"""
"""They take a name or an object of the suite's own (an activation, a problem) and no data."""

BEHIND = """
    theorems.closed_duals.ErfDual theorems.closed_duals.ReluDual theorems.closed_duals.SinDual
    theorems.closed_duals.determinant theorems.figure1.follow theorems.interpolation.interpolant
    theorems.hermite.HermiteDual theorems.hermite.hermite_basis theorems.learned_noise.learned_noise_blocks
    theorems.learned_noise.mean_over_draws theorems.learned_noise.mean_over_scales theorems.learned_noise.noise_nodes
    theorems.learned_ridge.averaged_kernel theorems.learned_ridge.hessian_kernel
    theorems.learned_ridge.independent_kernel
    theorems.learned_ridge.learned_noise_ridge theorems.learned_ridge.spread_normals theorems.piecewise.PiecewiseDual
    theorems.quadrature.split_normal theorems.regressions.require_fixed_noise models.activations.ErfMean
    models.quadrature.QuadratureMean models.activations.ReluMean models.activations.SinMean models.ball.longest_move
    models.ball.moved_rows models.ball.quadratic_form models.ball.random_directions models.certificate.bends
    models.certificate.convexity_lost models.certificate.krylov_convexity_lost models.certificate.remaining
    models.contraction.blocks_of_units models.contraction.pair_sums models.contraction.numbers_each
    models.contraction.plus models.contraction.spread models.contraction.units_at_once
    models.divergence.objective models.draws.fill_normal
    models.draws.fill_uniform models.draws.generator models.draws.known_seed
    models.draws.standard_normal models.draws.to_normal
    models.initialisation.block_rows models.initialisation.check_sizes models.initialisation.check_type
    models.initialisation.device_named
    models.initialisation.drawn_blocks models.implicit.combined models.implicit.dot models.memory.block_size
    models.memory.keep_freed_memory models.pairs.PairProducts models.pairs.pair_indices models.pairs.pair_table
    models.pairs.pairs_of models.mnist.bundled_file models.mnist.leading_components
    models.mnist.mnist_images models.objective.pullback models.objective.loss models.objective.sampled_loss_gradient
    models.path.followed models.rungekutta.local_error models.objective.pushforward models.training.NoiseStreams
    models.training.graded_step models.training.record_schedule
"""
"""Steps of a computation behind a function that is fuzzed: what reaches them was checked there."""

IMAGES = """
    models.cars.car_boxes models.cars.car_grid models.cars.car_images models.discovery.areas
    models.discovery.best_areas models.discovery.luck models.discovery.permuted_best
    models.disentanglement.dci_disentanglement models.disentanglement.factor_vae_score
    models.disentanglement.mutual_information_gap models.disentanglement.sap_score models.disentanglement.scores
    models.faces.face_images models.faces.procedural_faces models.factors.combinations models.factors.thinned
    models.sprites.sprite_grid models.sprites.sprite_images models.vae.as_pixels models.vae.encode_all
    models.vae.initialised models.vae_training.train theorems.figure4.discovered
"""
"""Images, networks and scores of Figures 3 and 4, of sizes that the profiles set: no data of users reaches them."""

FILES = """
    models.cars3d.car_files models.cars3d.cars3d_grid models.celeba.celeba_faces
    models.dsprites.dsprites_grid models.dsprites.file_digest models.lfw.bundled_file models.lfw.real_faces
"""
"""They read published data sets; their own tests hand them files that are missing, damaged or something else."""

PARTS = """
    claimtest.attack.record.attack_on claimtest.claim.Provenance claimtest.claim.Verdict claimtest.compare.Change
    claimtest.compare.changes claimtest.compare.changes_table claimtest.compare.circumstances claimtest.files.appear
    claimtest.files.replaced claimtest.notebook.html_of claimtest.report.calibration.CalibrationView
    claimtest.report.calibration.view_of claimtest.report.figure.figure_svg claimtest.report.latex.latex
    claimtest.report.markdown.grid claimtest.report.markdown.headline_of claimtest.report.markdown.markdown
    claimtest.report.markdown.marked claimtest.report.markdown.reading_parts claimtest.report.markdown.verdict_table
    claimtest.report.mathematics.split_mathematics claimtest.report.controls.Tally
    claimtest.report.controls.controls_in_words claimtest.report.wording.basis claimtest.report.wording.estimate
    claimtest.report.wording.expectation claimtest.report.wording.headline claimtest.report.wording.interval
    claimtest.report.wording.key_criterion claimtest.report.wording.kill_mark claimtest.report.wording.marked
    claimtest.report.wording.number claimtest.report.wording.region claimtest.report.wording.summary
    claimtest.report.controls.tally claimtest.criterion.at_every_width claimtest.criterion.at_three_widest
    claimtest.criterion.at_widest claimtest.cells.Case claimtest.cells.Cell claimtest.cells.CellData
    claimtest.cells.replicate_seeds checks.case.CaseBook
"""
"""They stand beside a function that is fuzzed, and take what it has checked or results of the suite's own."""

LAWS = """
    claimtest.criteria.law.Fit claimtest.criteria.law.Law claimtest.criteria.law.Outcome claimtest.criteria.law.Samples
    claimtest.criteria.law.decide claimtest.criteria.law.disjoint claimtest.criteria.law.inside
    claimtest.criteria.law.standard_errors_apart claimtest.criteria.law.stated claimtest.criteria.law.values_needed
    claimtest.criteria.mean.fit_mean claimtest.criteria.order.Slope claimtest.criteria.order.fit_slopes
    claimtest.criteria.order.regress claimtest.criteria.student.Groups claimtest.criteria.student.StudentFit
    claimtest.criteria.student.StudentLaw claimtest.criteria.student.cases claimtest.criteria.student.cells
    claimtest.criteria.probability.most_below claimtest.criteria.student.spread
"""
"""What every law is made of: fuzzed with the laws, as far as anything from outside reaches it."""

EXEMPT = frozenset(f"{THE_CHECKS} {RECORDS} {OUR_OBJECTS} {BEHIND} {IMAGES} {FILES} {PARTS} {LAWS}".split())

THE_RUN = """
    claimtest.agreement claimtest.alongside claimtest.cluster claimtest.cluster_worker claimtest.engine
    claimtest.errors claimtest.executor claimtest.export claimtest.fields claimtest.finish claimtest.judged
    claimtest.kills claimtest.plan claimtest.pool claimtest.processes claimtest.pytest_claims
    claimtest.pytest_plugin claimtest.reference claimtest.results claimtest.runner claimtest.seeds claimtest.session
    claimtest.setaside claimtest.shown claimtest.sources claimtest.attack.search claimtest.calibration.certainty
    claimtest.calibration.design claimtest.calibration.gather claimtest.calibration.noise
    claimtest.calibration.processes claimtest.calibration.rates claimtest.calibration.run
    claimtest.calibration.sources claimtest.calibration.worst
"""
"""What a run is made of: it hands on packs, profiles and cells, which were checked where they were written."""

THE_PAGE = """
    claimtest.listing claimtest.table claimtest.report.gauge claimtest.report.graph claimtest.report.linebreaks
    claimtest.report.looseness claimtest.report.page claimtest.report.picture claimtest.report.pictures
    claimtest.report.plots claimtest.report.points claimtest.report.sketch claimtest.report.templating
    claimtest.report.write
"""
"""What shows the results of a run; words from outside go through functions that are fuzzed."""

THE_DOORS = """
    claimtest.cli claimtest.commands claimtest.output claimtest.attack.command claimtest.calibration.command
"""
"""The command line: fuzzed as such."""

THE_CHECKS_OF_CLAIMS = """
    checks.attribute_pictures checks.cases checks.diagrams checks.draws checks.endpoint_pictures
    checks.endpoint_readings checks.figure2 checks.images checks.latent_pictures checks.movement_pictures
    checks.picture_cases checks.pictures checks.planning checks.regularised_cases checks.rivals checks.scope
    examples.du2019.measures
"""
"""What criteria are made of: they see cells that experiments measured, and cases."""

THE_EXPERIMENTS = """
    checks.experiments.architecture checks.experiments.attributes checks.experiments.autoencoders
    checks.experiments.ball checks.experiments.descent checks.experiments.disentanglement checks.experiments.drift
    checks.experiments.eigenvalues checks.experiments.endpoint checks.experiments.flow checks.experiments.images
    checks.experiments.initialisation checks.experiments.movement checks.experiments.networks
    checks.experiments.quasi checks.experiments.reference checks.experiments.regularisation checks.experiments.sampled
    checks.measures.ball checks.measures.drift checks.measures.endpoint checks.measures.images checks.measures.kernels
    checks.measures.movement checks.measures.pictures checks.measures.regularisation checks.measures.shares
    checks.measures.trajectory
    checks.measures.variance checks.measures.widths checks.growth_table examples.du2019.network
"""
"""They run on cases, drawn or of a user's own data (`case_from_data` and `VaeCase` are fuzzed), and on their cells."""

MODULES = frozenset(f"{THE_RUN} {THE_PAGE} {THE_DOORS} {THE_CHECKS_OF_CLAIMS} {THE_EXPERIMENTS}".split())
"""Modules of which no function is fuzzed by itself."""
