"""Losses of features, classes and codes: golden numbers, closed forms and NumPy."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import losses
from tfgan_models.losses import multi_class


def sg(t):
    return 1.0 / (1.0 + np.exp(-np.asarray(t)))


def sp(t):
    return np.log1p(np.exp(np.asarray(t)))


def gradient(function, *arrays):
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value, tape.gradient(value, tensors, None, "zero")


# Pulling away


def test_pulling_away_golden():
    codes = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]
    np.testing.assert_allclose(losses.pulling_away(codes), 1.0 / 3.0, atol=1e-6)
    term = losses.PullingAway()
    np.testing.assert_allclose(term.generator({"code": codes}), 1.0 / 3.0, atol=1e-6)
    assert not hasattr(term, "discriminator")


def test_pulling_away_lies_between_orthogonal_and_equal():
    np.testing.assert_allclose(losses.pulling_away(np.diag([1.0, 5.0, 0.2])), 0.0, atol=1e-7)
    np.testing.assert_allclose(losses.pulling_away(np.ones((4, 2, 3))), 1.0, atol=1e-5)
    value, (slope,) = gradient(losses.pulling_away, np.zeros((3, 2)))
    assert value == 0.0 and np.all(np.isfinite(slope))


def test_pulling_away_needs_pairs():
    with pytest.raises(ValueError, match="two or more"):
        losses.pulling_away([[1.0, 2.0]])


# Feature matching


@pytest.mark.parametrize(
    "form, expected, slope",
    [
        ("sum_square", 5.0, [-1.0, -2.0]),
        ("mean_square", 2.5, [-0.5, -1.0]),
        ("mean_abs", 1.5, [-0.25, -0.25]),
    ],
)
def test_feature_matching_golden(form, expected, slope):
    real, fake = [[0.0, 4.0], [2.0, 0.0]], [[1.0, -1.0], [-1.0, 1.0]]
    value, (by_real, by_fake) = gradient(
        lambda r, f: losses.feature_matching_loss(r, f, form), real, fake
    )
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_array_equal(by_real, np.zeros((2, 2)))
    np.testing.assert_allclose(by_fake, [slope, slope], rtol=1e-6)
    images = np.reshape(real, (2, 1, 2, 1)), np.reshape(fake, (2, 1, 2, 1))
    np.testing.assert_allclose(losses.feature_matching_loss(*images, form), expected, rtol=1e-6)


def test_feature_matching_as_a_game_and_as_a_term():
    real = {"logits": [2.0, -1.0], "features": [[0.0, 4.0], [2.0, 0.0]]}
    fake = {"logits": [0.5, -3.0], "features": [[1.0, -1.0], [-1.0, 1.0]]}
    game, term = losses.FeatureMatching(), losses.FeatureMatching(adversarial=False, weight=3.0)
    np.testing.assert_allclose(game.discriminator(real, fake), 1.231427, atol=1e-5)
    for loss in (game, term):
        np.testing.assert_allclose(loss.generator(fake, real), 2.5, rtol=1e-6)
    assert not hasattr(term, "discriminator") and term.weight == 3.0


def test_feature_matching_refuses_what_does_not_match():
    with pytest.raises(ValueError, match="agree in all but the batch axis"):
        losses.feature_matching_loss(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="must be .B, ...."):
        losses.feature_matching_loss(np.zeros(4), np.zeros(4))
    for make in (losses.FeatureMatching, losses.SemiSupervised):
        with pytest.raises(ValueError, match="form must be one of"):
            make(form="cube")


# K + 1 classes

CLASS_LOGITS = [[1.0, 2.0, 0.5]]


def test_semi_supervised_golden():
    z = multi_class.real_evidence(CLASS_LOGITS)
    np.testing.assert_allclose(z, [2.464369], atol=1e-6)
    np.testing.assert_allclose(sg(z), [0.921606], atol=1e-6)
    loss = losses.SemiSupervised()
    np.testing.assert_allclose(loss.logits({"class_logits": CLASS_LOGITS}), z)
    unlabelled = losses.semi_supervised_discriminator_loss(CLASS_LOGITS, CLASS_LOGITS)
    np.testing.assert_allclose(unlabelled, 0.5 * (0.081638 + 2.546006), atol=2e-6)
    labelled = losses.semi_supervised_discriminator_loss(
        CLASS_LOGITS, CLASS_LOGITS, [[0.0, 1.0, 0.0]]
    )
    np.testing.assert_allclose(labelled, unlabelled + 0.464369, atol=2e-6)
    np.testing.assert_allclose(
        losses.semi_supervised_generator_loss(CLASS_LOGITS), -2.546006, atol=2e-6
    )


def test_semi_supervised_gradients():
    softmax = np.exp(CLASS_LOGITS[0]) / np.exp(CLASS_LOGITS[0]).sum()
    _, (by_real, by_fake) = gradient(
        losses.semi_supervised_discriminator_loss, CLASS_LOGITS, CLASS_LOGITS
    )
    np.testing.assert_allclose(by_real[0], -0.5 * sg(-2.464369) * softmax, atol=1e-6)
    np.testing.assert_allclose(by_fake[0], 0.5 * sg(2.464369) * softmax, atol=1e-6)


def test_semi_supervised_labels_may_be_missing():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 4, 3))
    labels = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]], "float32")
    z = np.log(np.exp(real).sum(1))
    supervised = np.mean([z[0] - real[0, 1], z[2] - real[2, 2]])
    unlabelled = 0.5 * np.mean(sp(-z)) + 0.5 * np.mean(sp(np.log(np.exp(fake).sum(1))))
    sides = {"class_logits": real, "label": labels}, {"class_logits": fake}
    loss = losses.SemiSupervised()
    np.testing.assert_allclose(loss.discriminator(*sides), supervised + unlabelled, rtol=1e-5)
    for label in (None, 0 * labels):
        value, (slope, _) = gradient(
            lambda r, f, y=label: losses.semi_supervised_discriminator_loss(r, f, y), real, fake
        )
        np.testing.assert_allclose(value, unlabelled, rtol=1e-5)
        assert np.all(np.isfinite(slope))
    # With no weight on the unlabelled half it is a plain classifier.
    classifier = losses.SemiSupervised(unlabelled_weight=0.0)
    np.testing.assert_allclose(
        classifier.discriminator(*sides), losses.class_cross_entropy(real, labels), rtol=1e-5
    )


def test_semi_supervised_generators():
    real = {"class_logits": CLASS_LOGITS, "features": [[1.0, 2.0]]}
    fake = {"class_logits": CLASS_LOGITS, "features": [[0.0, 0.0]]}
    np.testing.assert_allclose(losses.SemiSupervised().generator(fake), -2.546006, atol=2e-6)
    matching = losses.SemiSupervised(generator="feature_matching")
    np.testing.assert_allclose(matching.generator(fake, real), 2.5, rtol=1e-6)
    with pytest.raises(ValueError, match="'saturating' or 'feature_matching'"):
        losses.SemiSupervised(generator="x")


MULTI = np.array([[2.0, 0.5, -1.0], [0.3, 0.8, 0.6]])


def test_multi_hinge_golden():
    real = tf.one_hot([0, 1], 3)
    fake = tf.one_hot([2, 2], 3)
    np.testing.assert_allclose(losses.multi_class_hinge(MULTI, real), [0.0, 0.8], atol=1e-6)
    np.testing.assert_allclose(losses.multi_class_hinge(MULTI, fake), [4.0, 1.2], atol=1e-6)
    np.testing.assert_allclose(losses.complement_hinge(MULTI), [0.0, 0.8], atol=1e-6)
    weston = losses.multi_class_hinge(MULTI, real, "weston_watkins")
    np.testing.assert_allclose(np.mean(weston), 0.325, atol=1e-6)


@pytest.mark.parametrize("labels", [[[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.4], [0.1, 0.9]]])
def test_multi_hinge_losses(labels):
    real = {"class_logits": MULTI, "label": labels, "features": [[1.0, 2.0]]}
    fake = {"class_logits": MULTI, "label": labels, "features": [[0.0, 0.0]]}
    loss = losses.MultiHinge()
    np.testing.assert_allclose(loss.discriminator(real, fake), 0.4 + 2.6, atol=1e-6)
    np.testing.assert_allclose(loss.generator(fake, real), 0.05 * 0.4 + 1.5, atol=1e-6)
    plain = losses.MultiHinge(feature_weight=0.0)
    np.testing.assert_allclose(plain.generator(fake), 0.02, atol=1e-6)
    np.testing.assert_allclose(loss.logits(real), [3.0, 0.2], atol=1e-6)


def test_multi_hinge_halves_labelled_and_complement():
    fake = {"class_logits": MULTI}
    real = {"class_logits": np.concatenate([MULTI, MULTI[1:]]), "label": [[1, 0], [0, 0], [0, 0.0]]}
    loss = losses.MultiHinge(semi_supervised=True)
    np.testing.assert_allclose(
        loss.discriminator(real, fake), 0.5 * 0.0 + 0.5 * 0.8 + 2.6, atol=1e-6
    )
    np.testing.assert_allclose(losses.MultiHinge().discriminator(real, fake), 2.6, atol=1e-6)
    with pytest.raises(ValueError, match="form must be"):
        losses.MultiHinge(form="x")


# Contrastive

EMBEDDING = np.array([[3.0, 4.0], [1.0, 0.0], [4.0, 3.0], [0.0, 2.0]])
CLASSES = np.array([0, 1, 0, 1])
PROXY = np.array([[1.0, 1.0], [1.0, -1.0]])[CLASSES]
ONE_HOT = np.eye(2)[CLASSES].astype("float32")
TWO_C = [0.567191, 0.848737, 0.567191, 1.311292]
D2D = [2.191514, 2.689158, 2.191514, 5.451528]
SHIFTED = [0.794304, 1.356586, 0.794304, 3.907524]


@pytest.mark.parametrize("labels", [CLASSES, CLASSES[:, None], ONE_HOT])
def test_contrastive_golden(labels):
    read = EMBEDDING, PROXY, labels
    np.testing.assert_allclose(losses.contrastive_2c(*read), TWO_C, atol=2e-6)
    np.testing.assert_allclose(np.mean(losses.contrastive_2c(*read, 0.5)), 0.980776, atol=2e-6)
    np.testing.assert_allclose(losses.d2d_ce(*read), D2D, atol=3e-6)
    np.testing.assert_allclose(losses.d2d_ce(*read, shift_negatives=True), SHIFTED, atol=3e-6)


@pytest.mark.parametrize(
    "spec, mean",
    [
        ("contrastive_2c", 0.823603),
        ("d2d_ce", 3.130929),
        ({"name": "d2d_ce", "shift_negatives": True}, 1.713180),
    ],
)
def test_contrastive_objects(spec, mean):
    side = {"embedding": EMBEDDING, "proxy": PROXY, "label": ONE_HOT}
    other = {"embedding": -EMBEDDING, "proxy": PROXY, "label": ONE_HOT}
    loss = losses.get(spec)
    np.testing.assert_allclose(loss.discriminator(side, other), mean, atol=2e-6)
    np.testing.assert_allclose(loss.generator(side, other), mean, atol=2e-6)


@pytest.mark.parametrize("function", [losses.contrastive_2c, losses.d2d_ce])
def test_contrastive_of_one_class_is_nothing(function):
    value, slopes = gradient(
        lambda e, p: tf.reduce_sum(function(e, p, [1, 1, 1, 1])), EMBEDDING, PROXY
    )
    assert value == 0.0
    for slope in slopes:
        np.testing.assert_allclose(slope, 0.0, atol=1e-6)


@pytest.mark.parametrize("function", [losses.contrastive_2c, losses.d2d_ce])
def test_contrastive_terms_follow_their_image(function):
    rng = np.random.default_rng(0)
    e, p, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), rng.integers(0, 3, 6)
    order = rng.permutation(6)
    np.testing.assert_allclose(
        function(e[order], p[order], y[order]), function(e, p, y).numpy()[order], rtol=1e-5
    )
    scaled = function(7.0 * e, 0.1 * p, y)
    np.testing.assert_allclose(scaled, function(e, p, y), rtol=1e-4)


def test_2c_of_distinct_classes_has_the_proxy_alone():
    rng = np.random.default_rng(1)
    e, p = rng.normal(size=(2, 4, 3))
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (e, p)]
    s, similar = (unit[0] * unit[1]).sum(1), np.exp(unit[0] @ unit[0].T)
    others = similar.sum(1) - np.diag(similar)
    expected = -np.log(np.exp(s) / (np.exp(s) + others))
    np.testing.assert_allclose(losses.contrastive_2c(e, p, np.arange(4)), expected, rtol=1e-5)


def test_d2d_leaves_easy_pairs_alone():
    """Images on their proxies and classes at right angles: no gradient, unlike 2C."""
    e = np.array([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0]])
    p = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for function, zero in ((losses.d2d_ce, True), (losses.contrastive_2c, False)):
        _, slopes = gradient(lambda e, p, f=function: tf.reduce_sum(f(e, p, [0, 0, 1])), e, p)
        assert np.all(np.abs(slopes[0]) < 1e-6) == zero


def test_contrastive_shapes_are_checked():
    with pytest.raises(ValueError, match="one shape"):
        losses.contrastive_2c(EMBEDDING, PROXY[:2], CLASSES)
    with pytest.raises(ValueError, match="label must be"):
        losses.d2d_ce(EMBEDDING, PROXY, CLASSES[:2])


# Classifiers

C_REAL, C_FAKE, M_FAKE = (
    [[2.0, 0.0], [0.0, 1.0]],
    [[1.0, 0.0], [0.0, 3.0]],
    [[0.5, 0.0], [0.0, -1.0]],
)
TWO = [[1.0, 0.0], [0.0, 1.0]]
ADC_REAL = [[2.0, 0.0, 1.0, -1.0], [0.0, 0.0, 1.0, 0.0]]
ADC_FAKE = [[1.0, 1.0, 0.0, -1.0], [0.0, 0.0, 2.0, 0.5]]


def test_auxiliary_classifier_golden():
    real, fake = {"class_logits": C_REAL, "label": TWO}, {"class_logits": C_FAKE, "label": TWO}
    on_fakes = losses.class_cross_entropy(C_FAKE, TWO)
    np.testing.assert_allclose(losses.class_cross_entropy(C_REAL, TWO), 0.220095, atol=1e-6)
    paper, studio = losses.AuxiliaryClassifier(), losses.AuxiliaryClassifier(fakes=False)
    np.testing.assert_allclose(paper.discriminator(real, fake), 0.220095 + on_fakes, atol=1e-6)
    np.testing.assert_allclose(studio.discriminator(real, fake), 0.220095, atol=1e-6)
    np.testing.assert_allclose(paper.generator(fake, real), on_fakes, atol=1e-6)


def test_twin_auxiliary_classifier_golden():
    real = {"class_logits": C_REAL, "mutual_class_logits": [[9.0, -9.0]] * 2, "label": TWO}
    fake = {"class_logits": C_FAKE, "mutual_class_logits": M_FAKE, "label": TWO}
    loss = losses.TwinAuxiliaryClassifier()
    np.testing.assert_allclose(loss.discriminator(real, fake), 0.220095 + 0.893669, atol=2e-6)
    np.testing.assert_allclose(loss.generator(fake, real), -0.712745, atol=2e-6)


def test_auxiliary_discriminative_classifier_golden():
    real, fake = {"class_logits": ADC_REAL, "label": TWO}, {"class_logits": ADC_FAKE, "label": TWO}
    on_real = losses.real_fake_class_cross_entropy(ADC_REAL, TWO, fake=False)
    on_fake = losses.real_fake_class_cross_entropy(ADC_FAKE, TWO, fake=True)
    np.testing.assert_allclose([on_real, on_fake], [0.591929, 1.409450], atol=2e-6)
    loss = losses.AuxiliaryDiscriminativeClassifier()
    np.testing.assert_allclose(loss.discriminator(real, fake), 0.591929 + 1.409450, atol=3e-6)
    np.testing.assert_allclose(loss.generator(fake, real), -0.75, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_adc_generator_is_the_difference_of_two_cross_entropies(smoothing):
    """And its gradient is a constant, +-1/N a logit."""
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(size=(5, 6)), rng.dirichlet(np.ones(3), 5).astype("float32")
    as_real, as_fake = (
        losses.real_fake_class_cross_entropy(logits, labels, fake, smoothing)
        for fake in (False, True)
    )
    value, (slope,) = gradient(
        lambda c: losses.real_fake_class_generator_loss(c, labels, smoothing), logits
    )
    np.testing.assert_allclose(value, as_real - as_fake, atol=1e-5)
    targets = (1.0 - smoothing) * labels + smoothing / 3.0
    np.testing.assert_allclose(slope[:, 1::2], targets / 5.0, atol=1e-6)
    np.testing.assert_allclose(slope[:, ::2], -targets / 5.0, atol=1e-6)


def test_label_smoothing_and_mixtures():
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=(4, 3)), rng.dirichlet(np.ones(3), 4)
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -np.mean(((0.9 * labels + 0.1 / 3.0) * log_softmax).sum(1))
    value = losses.class_cross_entropy(logits, labels.astype("float32"), 0.1)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    # All the fake columns together get no smoothing mass from real images.
    apart = np.full((1, 6), 0.0)
    apart[0, 1::2] = -50.0
    smooth = losses.real_fake_class_cross_entropy(apart, [[1.0, 0.0, 0.0]], False, 0.3)
    np.testing.assert_allclose(smooth, math.log(3.0), rtol=1e-5)
    with pytest.raises(ValueError, match="label_smoothing must be in"):
        losses.AuxiliaryClassifier(label_smoothing=1.0)


@pytest.mark.parametrize("labels", [[0, 1], [[0], [1]], TWO])
def test_labels_of_any_form_agree(labels):
    np.testing.assert_allclose(losses.class_cross_entropy(C_REAL, labels), 0.220095, atol=1e-6)


def test_unlabelled_rows_are_left_out():
    logits, labels = [[2.0, 0.0], [5.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    for smoothing in (0.0, 0.2):
        np.testing.assert_allclose(
            losses.class_cross_entropy(logits, labels, smoothing),
            losses.class_cross_entropy(C_REAL, TWO, smoothing),
            rtol=1e-6,
        )
    value, (slope,) = gradient(lambda c: losses.class_cross_entropy(c, np.zeros((3, 2))), logits)
    assert value == 0.0 and not np.any(slope)


def test_labels_of_another_width_raise():
    with pytest.raises(ValueError, match=r"label must be float \(B, 2\)"):
        losses.class_cross_entropy(C_REAL, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="two columns a class"):
        losses.real_fake_class_cross_entropy(np.zeros((2, 3)), TWO, True)
    with pytest.raises(ValueError, match="Class logits must be"):
        losses.semi_supervised_discriminator_loss(np.zeros((2, 3)), np.zeros((2, 2)))


# Codes


def test_discrete_bound_lies_between_nothing_and_log_k():
    codes = np.eye(10, dtype="float32")
    np.testing.assert_allclose(losses.discrete_bound(codes, 100.0 * codes), 2.302585, atol=1e-6)
    np.testing.assert_allclose(losses.discrete_bound(codes, np.zeros((10, 10))), 0.0, atol=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(5):
        assert losses.discrete_bound(codes, rng.normal(size=(10, 10))) < 2.302585


def test_gaussian_negative_log_likelihood():
    rng = np.random.default_rng(1)
    c, m, log_std = rng.normal(size=(3, 4, 2))
    v = np.exp(2.0 * log_std)
    exact = np.mean(np.sum(0.5 * np.log(2 * np.pi * v) + (c - m) ** 2 / (2 * v), 1))
    np.testing.assert_allclose(losses.gaussian_negative_log_likelihood(c, m, v), exact, rtol=1e-5)
    studio = np.mean(np.sum(0.5 * np.log(2 * np.pi * v + 0.1) + (c - m) ** 2 / (2 * v + 0.1), 1))
    value = losses.gaussian_negative_log_likelihood(c, m, v, epsilon=0.1)
    np.testing.assert_allclose(value, studio, rtol=1e-5)
    with pytest.raises(ValueError, match="must have one shape"):
        losses.gaussian_negative_log_likelihood(c, m[:, :1], v)


@pytest.mark.parametrize("spread", ["fixed", "log_std", "log_variance"])
def test_mutual_information_reads_its_codes(spread):
    rng = np.random.default_rng(2)
    codes = np.concatenate(
        [np.eye(3)[[0, 2]], np.eye(2)[[1, 1]], rng.uniform(-1, 1, (2, 2)), rng.normal(size=(2, 5))],
        axis=1,
    )
    head = rng.normal(size=(2, 3 + 2 + 2 + 2))
    discrete = losses.discrete_bound(codes[:, :3], head[:, :3]) + losses.discrete_bound(
        codes[:, 3:5], head[:, 3:5]
    )
    raw = head[:, 7:]
    variance = {"fixed": np.ones_like(raw), "log_std": np.exp(2 * raw), "log_variance": np.exp(raw)}
    likelihood = losses.gaussian_negative_log_likelihood(
        codes[:, 5:7], head[:, 5:7], variance[spread]
    )
    loss = losses.MutualInformation((3, 2), 2, continuous_weight=0.7, spread=spread)
    fake = {"codes": head, "latents": codes}
    np.testing.assert_allclose(loss.generator(fake), -discrete + 0.7 * likelihood, rtol=1e-5)
    np.testing.assert_allclose(loss.discriminator(None, fake), loss.generator(fake), rtol=0)
    if spread == "fixed":
        narrow = {**fake, "codes": head[:, :7]}
        np.testing.assert_allclose(loss.generator(narrow), loss.generator(fake), rtol=0)


@pytest.mark.parametrize("raw", [1e4, -1e4, 8.0, -8.0])
def test_a_sure_head_of_codes_stays_finite_and_comes_back(raw):
    """Past the bound the gradient is that of the bound: towards the right spread."""
    loss = losses.MutualInformation(continuous=1)
    latents = np.full((2, 1), 0.5)

    def value_of(head):
        return loss.generator({"codes": head, "latents": latents})

    value, (slope,) = gradient(value_of, [[1e4, raw], [0.0, raw]])
    assert np.isfinite(value) and np.isfinite(slope).all()
    assert slope[1, 1] > 0 if raw > 0 else slope[1, 1] < 0


def test_mutual_information_says_what_does_not_fit():
    latents, codes = np.zeros((2, 8)), np.zeros((2, 9))
    for arguments, message in (
        ({}, "has no codes"),
        ({"categories": (10,)}, "must have 10 columns"),
        ({"categories": (9,)}, "The codes are 9 numbers, the latents only 8"),
    ):
        with pytest.raises(ValueError, match=message):
            losses.MutualInformation(**arguments).generator({"codes": codes, "latents": latents})
    with pytest.raises(ValueError, match="spread must be one of"):
        losses.MutualInformation((2,), spread="x")
    with pytest.raises(ValueError, match="sizes of 2 or more"):
        losses.MutualInformation((1,))


LOCAL = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [0.0, -1.0]]])
GLOBAL = np.array([[1.0, 0.0], [0.0, 2.0]])


def test_info_max_golden():
    terms = np.array([0.862009, 1.551464, 0.758629, 4.142942])
    value = losses.info_max(LOCAL, GLOBAL)
    np.testing.assert_allclose(value, 1.828761, atol=2e-6)
    np.testing.assert_allclose(value, terms.mean(), atol=2e-6)
    np.testing.assert_allclose(losses.info_max(LOCAL, GLOBAL, mask=None), 1.828749, atol=2e-6)
    np.testing.assert_allclose(losses.info_max(LOCAL.reshape(2, 1, 2, 2), GLOBAL), value, rtol=1e-6)


def test_info_max_by_numpy():
    """Each term apart, of a batch in another order too."""
    rng = np.random.default_rng(3)
    local, whole = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 5))
    terms = []
    for i in range(4):
        masked = sum(np.exp(whole[i] @ local[j].T).sum() for j in range(4) if j != i)
        masked += 3 * np.exp(-10.0)
        for a in range(3):
            positive = np.exp(whole[i] @ local[i, a])
            terms.append(-np.log(positive / (positive + masked)))
    np.testing.assert_allclose(losses.info_max(local, whole), np.mean(terms), rtol=1e-5)
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(
        losses.info_max(local[order], whole[order]), np.mean(terms), rtol=1e-5
    )


def test_info_max_shapes_are_checked():
    for local, whole in (((2, 3), (2, 3)), ((2, 3, 4), (2, 3)), ((2, 3, 4), (3, 4))):
        with pytest.raises(ValueError, match="local_features must be"):
            losses.info_max(np.zeros(local), np.zeros(whole))


def test_info_max_object_reads_each_players_images():
    real = {"local_features": LOCAL, "global_features": GLOBAL}
    fake = {"local_features": -LOCAL, "global_features": GLOBAL}
    loss = losses.InfoMax()
    np.testing.assert_allclose(loss.discriminator(real, fake), 1.828761, atol=2e-6)
    np.testing.assert_allclose(loss.generator(real, fake), 1.828761, atol=2e-6)


@pytest.mark.parametrize(
    "name",
    [
        "contrastive_2c",
        "d2d_ce",
        "auxiliary_classifier",
        "twin_auxiliary_classifier",
        "auxiliary_discriminative_classifier",
        "mutual_information",
        "info_max",
        "pulling_away",
        "feature_matching",
        "semi_supervised",
        "multi_hinge",
    ],
)
def test_each_player_moves_its_own_network_only(name):
    """With constant fakes nothing of the discriminator's loss reaches G; both reach their own."""
    spec = {"name": name, "categories": [2]} if name == "mutual_information" else name
    loss = losses.get(spec)
    columns = {"multi_hinge": 3, "auxiliary_discriminative_classifier": 4}.get(name, 2)
    rng = np.random.default_rng(5)
    heads = tf.Variable(rng.normal(size=(3, 12)), dtype=tf.float32)
    g = tf.Variable(rng.normal(size=(2, 3)), dtype=tf.float32)
    z = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])

    def outputs(images, heads=heads):
        h = tf.tanh(tf.matmul(images, heads))
        return {
            "logits": h[:, 0],
            "class_logits": h[:, 1 : 1 + columns],
            "mutual_class_logits": h[:, 6:8],
            "features": h[:, 3:7],
            "code": h[:, 3:7],
            "embedding": h[:, 2:5],
            "proxy": tf.matmul(z, heads[:2, 5:8]),
            "codes": h[:, 1:3],
            "local_features": tf.reshape(h[:, 4:10], [4, 2, 3]),
            "global_features": h[:, 9:12],
            "label": z,
            "latents": z,
        }

    images = tf.constant(rng.normal(size=(4, 3)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        fake = tf.tanh(tf.matmul(z, g))
        real = outputs(images)
        g_loss = loss.generator(outputs(fake), real)
        d_loss = 0.0
        if hasattr(loss, "discriminator"):
            d_loss = loss.discriminator(real, outputs(tf.stop_gradient(fake)))
    assert np.any(tape.gradient(g_loss, g))
    if hasattr(loss, "discriminator"):
        assert tape.gradient(d_loss, g) is None
        assert np.any(tape.gradient(d_loss, heads))
