"""The estimators of joint scores, held to cases whose answer is known."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnothi.metrics import joint_log_loss, kl_divergence, kl_published, kl_scores, log_loss, log_mean_exp, mean_interval
from gnothi.metrics.outcomes import check_kl

KEY = jax.random.key(0)


def hypotheses(num=6, inputs=400, classes=2, scale=2.0, seed=1):
    """A finite set of equally likely functions: their exact posterior without data is uniform over them."""
    return scale * jax.random.normal(jax.random.key(seed), (num, inputs, classes))


def brute_force_kl(target, draws, tau):
    """d_KL^tau on two anchors by listing every allocation and every label vector."""
    log_target, log_draws = jax.nn.log_softmax(target), jax.nn.log_softmax(draws)
    total, pairs = 0.0, target.shape[1] // 2
    for pair in range(pairs):
        for places in product((0, 1), repeat=tau):
            for labels in product(range(target.shape[2]), repeat=tau):
                rows = [2 * pair + place for place in places]
                p = jnp.mean(jnp.exp(sum(log_target[:, r, y] for r, y in zip(rows, labels, strict=True))))
                q = jnp.mean(jnp.exp(sum(log_draws[:, r, y] for r, y in zip(rows, labels, strict=True))))
                total += p * (jnp.log(p) - jnp.log(q)) / 2**tau
    return float(total) / pairs


def kl_of_both_orders(target, draws, tau):
    """Anchors are folded onto each other, which averages out over many pairs; with few, take both orders of each."""
    swapped = np.arange(target.shape[1]).reshape(-1, 2)[:, ::-1].reshape(-1)
    pairs = [(target, draws), (target[:, swapped], draws[:, swapped])]
    scores = [kl_scores(t, d, tau=tau, exhaustive=True, key=KEY).values for t, d in pairs]
    return float(jnp.mean(jnp.concatenate(scores)))


@pytest.mark.parametrize("tau", [1, 2, 3])
def test_integrated_kl_equals_brute_force_enumeration(tau):
    target, draws = hypotheses(3, 4), hypotheses(4, 4, seed=2)
    assert kl_of_both_orders(target, draws, tau) == pytest.approx(brute_force_kl(target, draws, tau), abs=1e-4)


@pytest.mark.parametrize("inputs", ["dyadic", "iid"])
def test_exact_posterior_scores_zero(inputs):
    target = hypotheses()
    for tau, estimate in kl_divergence(target, target, tau=(1, 5, 10), inputs=inputs, exhaustive=True, key=KEY).items():
        assert estimate.value == pytest.approx(0.0, abs=1e-4 * tau)


@pytest.mark.parametrize("inputs", ["dyadic", "iid"])
@pytest.mark.slow
def test_samples_of_the_exact_posterior_score_zero_within_the_interval(inputs):
    target = hypotheses(inputs=800)
    covered = []
    for seed in range(20):
        members = jax.random.randint(jax.random.key(seed), (400,), 0, len(target))
        estimate = kl_divergence(target, target[members], tau=(10,), inputs=inputs, key=KEY)[10]
        covered.append(estimate.low <= 0.0 <= estimate.high)
        assert abs(estimate.value) < 0.05
    assert sum(covered) >= 16


def test_right_marginals_but_independent_draws_score_the_total_correlation():
    """An agent that samples each input's label from the right marginal, but independently of the other inputs.

    Its excess at tau labels is the KL of the joint from the product of marginals, here computed by enumeration; with
    one label it is nothing.
    """
    target = hypotheses(4, 40)
    log_probs = jax.nn.log_softmax(target)
    marginal = jnp.log(jnp.mean(jnp.exp(log_probs), axis=0))[None]
    kl = kl_divergence(target, marginal, tau=(1, 2), exhaustive=True, key=KEY)
    assert kl[1].value == pytest.approx(0.0, abs=1e-5)
    assert kl[2].low > 0.05
    assert kl_of_both_orders(target, marginal, 2) == pytest.approx(brute_force_kl(target, marginal, 2), rel=1e-3)


def test_coin_of_unknown_bias_costs_half_a_log_tau():
    """Laplace's coin: bias uniform, so the joint law of k heads in tau is 1/(tau+1) however k falls.

    An agent that knows the mean bias only pays the information that tau flips hold, with this closed form.
    """
    bias = (jnp.arange(4000) + 0.5) / 4000
    coins = jnp.stack([jnp.log(bias), jnp.log1p(-bias)], axis=-1)[:, None, :]
    target = jnp.tile(coins, (1, 2, 1))  # both anchors are the same coin
    fair = jnp.zeros((1, 2, 2))
    for tau in (2, 5, 10):
        from scipy.special import gammaln

        k = np.arange(tau + 1)
        log_choose = gammaln(tau + 1) - gammaln(k + 1) - gammaln(tau - k + 1)
        exact = np.mean(-np.log(tau + 1) - log_choose) + tau * np.log(2)
        estimate = kl_divergence(target, fair, tau=(tau,), exhaustive=True, key=KEY)[tau]
        assert estimate.value == pytest.approx(exact, rel=1e-3)


def test_gaussian_regression_with_a_conjugate_posterior():
    """Linear regression with a Gaussian prior: the joint predictive is Gaussian, so its log-density is exact.

    Samples of the posterior reach it within their error; right marginals with independent draws miss it by the sum of
    log-variances less the log-determinant, over two.
    """
    rng = np.random.default_rng(0)
    size, tau, noise = 3, 10, 0.5
    anchors = rng.normal(size=(300, 2, size))
    places = rng.integers(0, 2, (300, tau))
    x = np.take_along_axis(anchors, places[..., None], axis=1)
    cov = x @ x.transpose(0, 2, 1) + noise**2 * np.eye(tau)
    weights = rng.normal(size=(300, size))
    y = np.einsum("dts,ds->dt", x, weights) + noise * rng.normal(size=(300, tau))
    exact = -0.5 * np.einsum("dt,dt->d", y, np.linalg.solve(cov, y[..., None])[..., 0])
    exact -= 0.5 * np.linalg.slogdet(cov)[1] + tau / 2 * np.log(2 * np.pi)

    draws = rng.normal(size=(4000, size))
    means = np.einsum("dts,ms->mdt", x, draws)
    log_liks = -0.5 * ((y - means) / noise) ** 2 - np.log(noise) - 0.5 * np.log(2 * np.pi)
    joint, _ = log_mean_exp(jnp.asarray(log_liks.sum(axis=-1), jnp.float32))
    kl = mean_interval(exact - np.asarray(joint, float))
    assert kl.value == pytest.approx(0.0, abs=0.03)

    independent, _ = log_mean_exp(jnp.asarray(log_liks, jnp.float32))
    excess = mean_interval(exact - np.asarray(independent, float).sum(axis=-1))
    variances = np.diagonal(cov, axis1=1, axis2=2)
    known = 0.5 * np.mean(np.log(variances).sum(axis=1) - np.linalg.slogdet(cov)[1])
    assert excess.low <= known <= excess.high
    assert known > 1.0


@pytest.mark.slow
def test_bias_of_few_samples_is_taken_off():
    target, truth = hypotheses(200, 400, seed=3), hypotheses(1, 400, seed=4)
    exact = kl_divergence(truth, target, tau=(10,), exhaustive=True, key=KEY)[10].value
    ours, plain = [], []
    for seed in range(20):
        few = target[jax.random.randint(jax.random.key(seed), (20,), 0, len(target))]
        ours.append(kl_divergence(truth, few, tau=(10,), key=KEY)[10].value)
        plain.append(kl_divergence(truth, few, tau=(10,), exhaustive=True, key=KEY)[10].value)
    assert np.mean(plain) - exact > 0.1  # what a plain log of a mean of 20 samples loses
    assert abs(np.mean(ours) - exact) < 0.5 * (np.mean(plain) - exact)


@pytest.mark.slow
def test_interval_covers_both_sources_of_error():
    """Over new anchors and new indices, 95 % intervals cover the truth about 95 times in 100."""
    weights = jax.random.normal(jax.random.key(5), (3000, 2))
    covered = []

    def logits(w, x):
        values = w @ x.T
        return jnp.stack([values, -values], axis=-1)

    big = jax.random.normal(jax.random.key(6), (20_000, 2))
    truth = kl_divergence(logits(weights[:1], big), logits(weights, big)[:1000], tau=(10,), exhaustive=True, key=KEY)
    for seed in range(30):
        k1, k2 = jax.random.split(jax.random.key(seed))
        x = jax.random.normal(k1, (600, 2))
        w = weights[jax.random.randint(k2, (100,), 0, 1000)]
        estimate = kl_divergence(logits(weights[:1], x), logits(w, x), tau=(10,), key=KEY)[10]
        covered.append(estimate.low <= truth[10].value <= estimate.high)
    assert sum(covered) >= 25


def test_published_estimator_agrees_with_ours():
    truth, agent = hypotheses(1, 2000, seed=7), hypotheses(500, 2000, seed=8)
    ours = kl_divergence(truth, agent, tau=(10,), key=KEY)[10]
    theirs = kl_published(truth, agent, tau=10, key=KEY)
    assert abs(theirs.value - ours.value) < 3 * np.hypot(theirs.std_error, ours.std_error)
    assert ours.high - ours.low < theirs.high - theirs.low


@pytest.mark.slow
def test_many_classes_are_sampled_and_agree_with_enumeration():
    target, agent = hypotheses(1, 30, classes=4, seed=9), hypotheses(20, 30, classes=4, seed=10)
    estimate = kl_divergence(target, agent, tau=(2,), exhaustive=True, key=KEY)[2]
    exact = brute_force_kl(target, agent, 2)
    assert estimate.low - 0.01 <= exact <= estimate.high + 0.01


def test_saturated_logits_stay_finite():
    truth = jnp.tile(jnp.array([[300.0, -300.0], [-250.0, 250.0]]), (50, 1))[None]
    wrong = -truth
    for tau, estimate in kl_divergence(truth, jnp.tile(wrong, (30, 1, 1)), key=KEY).items():
        assert np.isfinite(estimate.value)
        assert estimate.nonfinite == 0
        assert estimate.value == pytest.approx(550 * tau, rel=0.1)


def test_what_is_not_finite_is_counted_and_not_hidden():
    target = hypotheses(1, 100)
    broken = hypotheses(5, 100, seed=11).at[2, 7, 0].set(jnp.nan)
    estimate = kl_divergence(target, broken, tau=(10,), exhaustive=True, key=KEY)[10]
    assert not np.isfinite(estimate.value)
    assert estimate.nonfinite == 1
    assert "1 not finite" in repr(estimate)


def test_impossible_label_costs_infinity():
    certain = jnp.array([[[0.0, -jnp.inf]] * 4])
    loss = joint_log_loss(certain, jnp.ones(4, int), exhaustive=True)
    assert np.isinf(loss.value)
    assert loss.nonfinite == 4


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["dyadic", "iid"]))
def test_joint_log_loss_ignores_the_order_of_samples(seed, inputs):
    draws, labels = hypotheses(30, 24, classes=3, seed=seed), jnp.arange(24) % 3
    order = jax.random.permutation(jax.random.key(seed), 30)
    one = joint_log_loss(draws, labels, tau=4, inputs=inputs, exhaustive=True)
    two = joint_log_loss(draws[order], labels, tau=4, inputs=inputs, exhaustive=True)
    assert one.value == pytest.approx(two.value, rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_joint_log_loss_of_all_inputs_ignores_their_order(seed):
    draws, labels = hypotheses(30, 12, classes=3, seed=seed), jnp.arange(12) % 3
    order = jax.random.permutation(jax.random.key(seed), 12)
    one = joint_log_loss(draws, labels, tau=12, inputs="iid", exhaustive=True)
    two = joint_log_loss(draws[:, order], labels[order], tau=12, inputs="iid", exhaustive=True)
    assert one.value == pytest.approx(two.value, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["dyadic", "iid", "local"]))
def test_joint_of_one_label_is_the_marginal(seed, inputs):
    draws, labels = hypotheses(30, 24, classes=3, seed=seed), jnp.arange(24) % 3
    pool = jax.random.normal(KEY, (24, 2))
    joint = joint_log_loss(draws, labels, tau=1, inputs=inputs, exhaustive=True, pool=pool)
    marginal = log_loss(draws, labels, exhaustive=True)
    assert joint.value == pytest.approx(marginal.value, rel=1e-5)
    assert (joint.low, joint.high, joint.units) == pytest.approx((marginal.low, marginal.high, 24), rel=1e-4)


@pytest.mark.parametrize("tau", [0, -3])
def test_tau_below_one_is_refused(tau):
    with pytest.raises(ValueError, match="tau"):
        joint_log_loss(hypotheses(3, 8), jnp.zeros(8, int), tau=tau)
    with pytest.raises(ValueError, match="tau"):
        kl_divergence(hypotheses(1, 8), hypotheses(3, 8), tau=(tau,), key=KEY)


def test_tau_beyond_the_pool_is_refused():
    with pytest.raises(ValueError, match="tau=100 needs 100 test inputs here, got 8"):
        joint_log_loss(hypotheses(3, 8), jnp.zeros(8, int), tau=100, inputs="iid")
    with pytest.raises(ValueError, match="tau=100 needs 100 test inputs here, got 8"):
        kl_divergence(hypotheses(1, 8), hypotheses(3, 8), tau=(100,), inputs="iid", key=KEY)


def test_other_bad_arguments_are_refused():
    draws = hypotheses(3, 8)
    with pytest.raises(ValueError, match="draws are for 8 inputs, but there are 7 labels"):
        joint_log_loss(draws, jnp.zeros(7, int))
    with pytest.raises(ValueError, match=r"labels: 8 of 8 labels lie outside 0 \.\. 1 \(first: row 0, label -1\)"):
        joint_log_loss(draws, jnp.full(8, -1))
    with pytest.raises(ValueError, match="'dyadic'"):
        joint_log_loss(draws, jnp.zeros(8, int), inputs="triadic")
    with pytest.raises(ValueError, match="pool"):
        joint_log_loss(draws, jnp.zeros(8, int), tau=3, inputs="local")


def test_samples_that_do_not_fill_groups_are_all_used():
    values = jax.random.normal(KEY, (47, 5))
    corrected, ratios = log_mean_exp(values)
    plain, _ = log_mean_exp(values, exhaustive=True)
    assert jnp.allclose(plain, jnp.log(jnp.mean(jnp.exp(values), axis=0)), atol=1e-5)
    assert ratios.shape == (20, 5)
    assert jnp.all(corrected >= plain)
    assert jnp.all(corrected - plain < 0.5)


def test_order_a_hundred_is_sampled_where_it_cannot_be_enumerated():
    truth = hypotheses(1, 200, scale=1.0, seed=12)
    agent = hypotheses(50, 200, scale=1.0, seed=13)
    kl = kl_divergence(truth, agent, tau=(10, 100), exhaustive=True, key=KEY)
    assert kl[100].value > kl[10].value


def test_the_correction_is_at_most_half_a_nat_even_where_groups_differ_in_size():
    values = jnp.zeros((39, 1)).at[19, 0].set(500.0)  # the one sample of the smallest group carries everything
    corrected, _ = log_mean_exp(values)
    assert 500 - jnp.log(39) <= corrected[0] <= 500 - jnp.log(39) + 0.5001


@pytest.mark.parametrize("score", [kl_divergence, kl_published, kl_scores])
def test_kl_refuses_what_it_cannot_compare(score):
    tau = (2,) if score is kl_divergence else 2
    with pytest.raises(ValueError, match="inputs must be 'dyadic' or 'iid', got 'local'"):
        score(hypotheses(1, 8), hypotheses(3, 8), tau=tau, inputs="local", key=KEY)


def test_kl_is_of_the_same_inputs():
    with pytest.raises(ValueError, match=r"for the same inputs and classes, got \(8, 2\) and \(6, 2\)"):
        check_kl(hypotheses(1, 8), hypotheses(3, 6), 2, "dyadic")


def test_three_anchors_by_enumeration():
    """Every allocation of 3 labels to 3 anchors, listed; and the sampled labels of the KL around the listed ones."""
    draws, labels = hypotheses(12, 9, classes=2, seed=14), jnp.arange(9) % 2
    found = joint_log_loss(draws, labels, tau=3, kappa=3, exhaustive=True)
    log_probs = jnp.take_along_axis(jax.nn.log_softmax(draws), labels[None, :, None], axis=2)[..., 0]
    order = jax.random.permutation(KEY, 9)
    sets = log_probs[:, order].reshape(12, 3, 3)
    listed = [log_mean_exp(sets[..., list(places)].sum(axis=-1), True)[0] for places in product(range(3), repeat=3)]
    assert found.value == pytest.approx(-float(jnp.mean(jnp.stack(listed))), rel=1e-5)
    assert found.units == 3
    many = joint_log_loss(draws, labels, tau=40, kappa=4, exhaustive=True)  # too many ways to list
    assert found.value < many.value < 40 * 3


def test_kappa_anchors_lie_between_two_and_all_different():
    """With more anchors, a joint prediction holds less that marginals do not: an agent without it loses less."""
    target = hypotheses(6, 1200)
    marginal = jnp.log(jnp.mean(jax.nn.softmax(target), axis=0))[None]
    two, four = (
        kl_divergence(target, marginal, tau=(10,), kappa=kappa, exhaustive=True, key=KEY)[10] for kappa in (2, 4)
    )
    assert four.units == 300
    assert 0.5 < four.low < four.high < two.low
    with pytest.raises(ValueError, match="kappa, the number of anchors"):
        kl_divergence(target, marginal, kappa=0, key=KEY)


def test_long_orders_are_not_listed():
    truth = hypotheses(1, 20, seed=15)
    assert kl_divergence(truth, truth, tau=(3000,), exhaustive=True, key=KEY)[3000].value == pytest.approx(0, abs=0.05)
