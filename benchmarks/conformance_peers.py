"""Posterior samplers of other libraries behind one contract: `fit(X, y)` returns `sample(X, n)`.

Each is used as its documentation shows, on a small network (50-50 ReLU) or, for the problem whose posterior is known,
on a linear model. Sampling goes through the library's own calls; nothing is mended. Each is also a function that
`gnothi conform benchmarks/conformance_peers.py:NAME` can check in an environment that holds its library.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

STEPS, RATE, MEMBERS = 300, 0.01, 10
NOISE = 0.5  # deviation of the linear problem's observations, which is known to whoever claims the model


def network(outputs: int, size: int = 4, dropout: float = 0.0) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, width in ((size, 50), (50, 50)):
        layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(50, outputs))


def tensors(x: np.ndarray, y: np.ndarray):
    """Inputs; labels, or values in a column."""
    targets = torch.as_tensor(y)
    return torch.as_tensor(x), targets if targets.dtype == torch.int64 else targets[:, None]


def train(model: nn.Module, x, y, *, copies: int = 1, penalty: Callable | None = None, decay: float = 1e-4) -> None:
    """Full-batch Adam on cross-entropy; `copies` predictions an input, a copy after another; `penalty` of a model."""
    model.train()
    optimiser = torch.optim.Adam(model.parameters(), RATE, weight_decay=decay)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y.repeat(copies)) * copies
        if penalty is not None:
            loss = loss + penalty(model) / len(x)
        loss.backward()
        optimiser.step()
    model.eval()


def probabilities(call: Callable) -> Callable:
    """Logits of a call, members one after another, as an array [n, inputs, classes]."""

    @torch.no_grad()
    def sample(x: np.ndarray, n: int) -> np.ndarray:
        logits = call(torch.as_tensor(x), n)
        return logits.softmax(-1).reshape(-1, len(x), logits.shape[-1]).numpy()[:n]

    return sample


# ---------------------------------------------------------------- torch-uncertainty


def _mc_dropout(on_batch: bool) -> Callable:
    def fit(x, y):
        from torch_uncertainty.methods import mc_dropout

        x, y = tensors(x, y)
        core = network(2, dropout=0.1)
        train(core, x, y)

        def call(x, n):
            return mc_dropout(core, num_estimators=n, on_batch=on_batch).eval()(x)

        return probabilities(call)

    return fit


mc_dropout_on_batch = _mc_dropout(True)
mc_dropout_loop = _mc_dropout(False)


def deep_ensembles(x, y):
    from torch_uncertainty.methods import deep_ensembles

    x, y = tensors(x, y)
    members = [network(2) for _ in range(MEMBERS)]
    for member in members:
        train(member, x, y)
    model = deep_ensembles(members).eval()
    return probabilities(lambda x, n: model(x))


def packed_ensembles(x, y):
    from torch_uncertainty.models.mlp import packed_mlp

    x, y = tensors(x, y)
    model = packed_mlp(4, 2, [50, 50], num_estimators=MEMBERS, alpha=4)
    train(model, x, y, copies=MEMBERS)
    return probabilities(lambda x, n: model(x))


def batch_ensemble(x, y):
    from torch_uncertainty.models.mlp import batched_mlp

    x, y = tensors(x, y)
    model = batched_mlp(4, 2, [50, 50], num_estimators=MEMBERS)
    train(model, x, y, copies=MEMBERS)
    return probabilities(lambda x, n: model(x))


def mimo(x, y):
    """Every member learns from an order of its own of the data."""
    from torch_uncertainty.models.mlp import mimo_mlp

    x, y = tensors(x, y)
    model = mimo_mlp(4, 2, [100, 100], num_estimators=MEMBERS)
    optimiser = torch.optim.Adam(model.parameters(), RATE, weight_decay=1e-4)
    for _ in range(STEPS):
        order = torch.cat([torch.randperm(len(x)) for _ in range(MEMBERS)])
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x[order]), y[order]).backward()
        optimiser.step()
    model.eval()
    return probabilities(lambda x, n: model(x))


def swag(x, y):
    from torch.utils.data import DataLoader, TensorDataset
    from torch_uncertainty.methods import SWAG

    x, y = tensors(x, y)
    model = SWAG(network(2), cycle_start=STEPS // 2, cycle_length=5, num_estimators=20)
    optimiser = torch.optim.SGD(model.core_model.parameters(), 0.1)
    for epoch in range(STEPS):
        model.train()
        for inputs, labels in DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(inputs), labels).backward()
            optimiser.step()
        model.update_wrapper(epoch)
    model.eval()
    return probabilities(lambda x, n: model(x))


def bayesian_mlp(x, y):
    """At full weight its narrow prior (deviation 0.1) makes 60 data count for nothing."""
    from torch_uncertainty.losses import KLDiv
    from torch_uncertainty.models.mlp import bayesian_mlp

    x, y = tensors(x, y)
    model = bayesian_mlp(4, 2, [50, 50])
    train(model, x, y, penalty=lambda model: 0.01 * KLDiv(model)(), decay=0.0)

    def call(x, n):
        model.num_samples = n
        return model(x)

    return probabilities(call)


# ---------------------------------------------------------------- bayesian-torch


def _bayesian_torch(kind: str) -> Callable:
    def fit(x, y):
        from bayesian_torch.models.dnn_to_bnn import dnn_to_bnn, get_kl_loss

        x, y = tensors(x, y)
        model = network(2)
        dnn_to_bnn(
            model,
            {
                "prior_mu": 0.0,
                "prior_sigma": 1.0,
                "posterior_mu_init": 0.0,
                "posterior_rho_init": -3.0,
                "type": kind,
                "moped_enable": False,
                "moped_delta": 0.5,
            },
        )
        train(model, x, y, penalty=get_kl_loss, decay=0.0)
        return probabilities(lambda x, n: torch.cat([model(x) for _ in range(n)]))

    return fit


bayesian_torch_flipout = _bayesian_torch("Flipout")
bayesian_torch_reparameterization = _bayesian_torch("Reparameterization")


# ---------------------------------------------------------------- laplace-torch


def _laplace(call: Callable, subset: str = "all", hessian: str = "kron") -> Callable:
    """`call(posterior, x, n)` gives samples of the function, or of probabilities where there are classes."""

    def fit(x, y):
        from laplace import Laplace
        from torch.utils.data import DataLoader, TensorDataset

        x, y = tensors(x, y)
        loader = DataLoader(TensorDataset(x, y), batch_size=20)
        options = {"n_subset": len(x)} if hessian == "gp" else {}
        if y.ndim == 1:
            model = network(2)
            train(model, x, y)
            posterior = Laplace(model, "classification", subset_of_weights=subset, hessian_structure=hessian, **options)
        else:  # a linear model at its mode, with the noise and the prior that it is told
            model = nn.Linear(4, 1, bias=False)
            weights = torch.linalg.solve(x.T @ x / NOISE**2 + torch.eye(4), x.T @ y / NOISE**2)
            model.weight.data = weights.T.contiguous()
            posterior = Laplace(
                model,
                "regression",
                subset_of_weights=subset,
                hessian_structure=hessian,
                sigma_noise=NOISE,
                prior_precision=1.0,
                **options,
            )
        posterior.fit(loader)
        return lambda x, n: call(posterior, torch.as_tensor(x), n).detach().numpy()

    return fit


def _glm(posterior, x, n):
    return posterior.predictive_samples(x, pred_type="glm", n_samples=n)


def _nn(posterior, x, n):
    return posterior.predictive_samples(x, pred_type="nn", n_samples=n)


def _joint(posterior, x, n):
    """The documented joint Gaussian of regression, sampled by hand."""
    mean, covariance = posterior(x, pred_type="glm", joint=True)
    spectrum, vectors = torch.linalg.eigh(covariance.double())
    root = vectors * spectrum.clip(0).sqrt()
    return (mean.double() + torch.randn(n, len(x)).double() @ root.T)[..., None]


def _function_space(posterior, x, n):
    return posterior.predictive_samples(x, n_samples=n)


def _function_space_joint(posterior, x, n):
    return posterior.predictive_samples(x, n_samples=n, joint=True)


laplace_glm = _laplace(_glm)
laplace_nn = _laplace(_nn)
laplace_full_glm = _laplace(_glm, hessian="full")
laplace_full_nn = _laplace(_nn, hessian="full")
laplace_last_layer_glm = _laplace(_glm, "last_layer", "full")
laplace_last_layer_nn = _laplace(_nn, "last_layer", "full")
laplace_joint = _laplace(_joint, hessian="full")
laplace_gp = _laplace(_function_space, hessian="gp")
laplace_gp_joint = _laplace(_function_space_joint, hessian="gp")


# ---------------------------------------------------------------- posteriors


def _sgmcmc(name: str, rate: float, steps: int) -> Callable:
    """A chain of full-batch steps; the second half of it gives 200 states."""

    def fit(x, y):
        import posteriors

        x, y = tensors(x, y)
        classes = y.ndim == 1
        model = network(2) if classes else nn.Linear(4, 1, bias=False)
        parameters = {name: value.detach().clone() for name, value in model.named_parameters()}

        def log_posterior(parameters, batch):
            outputs = torch.func.functional_call(model, parameters, (batch[0],))
            if classes:
                log_likelihood = -nn.functional.cross_entropy(outputs, batch[1], reduction="sum")
            else:
                log_likelihood = -0.5 * ((outputs - batch[1]) ** 2).sum() / NOISE**2
            return log_likelihood - 0.5 * sum((value**2).sum() for value in parameters.values()), torch.tensor([])

        options = {"alpha": 10.0} if name == "sghmc" else {}
        transform = getattr(posteriors.sgmcmc, name).build(log_posterior, lr=rate, **options)
        state = transform.init(parameters)
        kept = []
        for step in range(steps):
            state, _ = transform.update(state, (x, y))
            if step >= steps // 2 and step % (steps // 400) == 0:
                kept.append({name: value.detach().clone() for name, value in state.params.items()})
        stacked = {name: torch.stack([one[name] for one in kept]) for name in kept[0]}

        @torch.no_grad()
        def sample(x, n):
            x = torch.as_tensor(x)
            outputs = torch.vmap(lambda parameters: torch.func.functional_call(model, parameters, (x,)))(stacked)
            return (outputs.softmax(-1) if classes else outputs).numpy()[:n]

        return sample

    return fit


posteriors_sgld = _sgmcmc("sgld", 1e-3, 4000)
posteriors_sghmc = _sgmcmc("sghmc", 1e-2, 4000)


# ---------------------------------------------------------------- blackjax


def blackjax_nuts(x, y):
    import blackjax
    import jax
    import jax.numpy as jnp

    classes = y.dtype == np.int64
    sizes = (4, 50, 50, 2) if classes else (4, 1)
    shapes = list(itertools.pairwise(sizes))

    def apply(weights, x):
        for weight, bias in weights[:-1]:
            x = jax.nn.relu(x @ weight / math.sqrt(len(weight)) + bias)
        weight, bias = weights[-1]
        return x @ weight / (math.sqrt(len(weight)) if classes else 1.0) + (bias if classes else 0.0)

    def log_density(weights):
        outputs = apply(weights, x)
        prior = -0.5 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(weights))
        if classes:
            return prior + jnp.sum(jax.nn.log_softmax(outputs)[jnp.arange(len(y)), y])
        return prior - 0.5 * jnp.sum((outputs[:, 0] - y) ** 2) / NOISE**2

    start, warm, run = jax.random.split(jax.random.key(0), 3)
    keys = jax.random.split(start, len(shapes))
    weights = [(jax.random.normal(k, s), jnp.zeros(s[1])) for k, s in zip(keys, shapes, strict=True)]
    (state, parameters), _ = blackjax.window_adaptation(blackjax.nuts, log_density).run(warm, weights, num_steps=200)
    step = blackjax.nuts(log_density, **parameters).step

    def one(state, key):
        state, _ = step(key, state)
        return state, state.position

    _, chain = jax.lax.scan(one, state, jax.random.split(run, 200))

    def sample(x, n):
        outputs = jax.vmap(apply, (0, None))(chain, jnp.asarray(x))
        return np.asarray(jax.nn.softmax(outputs) if classes else outputs)[:n]

    return sample


# ---------------------------------------------------------------- scikit-learn


def sklearn_gaussian_process(x, y):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, DotProduct

    kernel = RBF(2.0) if len(y) > 12 else DotProduct(0.0, "fixed")
    model = GaussianProcessRegressor(kernel, alpha=NOISE**2, optimizer=None).fit(x, y)

    def sample(x, n, seed):
        return model.sample_y(x, n, random_state=seed).T[..., None]

    return sample


@dataclass(frozen=True)
class Peer:
    """A sampler, whose it is, how it is called, and what it is fitted to."""

    library: str
    call: str
    fit: Callable
    problem: str = "classification"


TU, BT, LT, PO, BJ = "torch-uncertainty", "bayesian-torch", "laplace-torch", "posteriors", "blackjax"

PEERS = [
    Peer(TU, "mc_dropout(on_batch=True)", mc_dropout_on_batch),
    Peer(TU, "mc_dropout(on_batch=False)", mc_dropout_loop),
    Peer(TU, "deep_ensembles, 10", deep_ensembles),
    Peer(TU, "packed_mlp, 10", packed_ensembles),
    Peer(TU, "batched_mlp, 10", batch_ensemble),
    Peer(TU, "mimo_mlp, 10", mimo),
    Peer(TU, "SWAG, 20", swag),
    Peer(TU, "bayesian_mlp, KL / 100", bayesian_mlp),
    Peer(BT, "Flipout", bayesian_torch_flipout),
    Peer(BT, "Reparameterization", bayesian_torch_reparameterization),
    Peer(LT, "glm samples, all, kron", laplace_glm),
    Peer(LT, "nn samples, all, kron", laplace_nn),
    Peer(LT, "glm samples, last layer", laplace_last_layer_glm),
    Peer(LT, "nn samples, last layer", laplace_last_layer_nn),
    Peer(LT, "function-space samples", laplace_gp),
    Peer(LT, "function-space samples, joint=True", laplace_gp_joint),
    Peer(PO, "SGLD", posteriors_sgld),
    Peer(PO, "SGHMC", posteriors_sghmc),
    Peer(BJ, "NUTS", blackjax_nuts),
    Peer("scikit-learn", "GaussianProcessRegressor.sample_y", sklearn_gaussian_process, "regression"),
    Peer(LT, "glm samples", laplace_full_glm, "linear"),
    Peer(LT, "nn samples", laplace_full_nn, "linear"),
    Peer(LT, "joint=True, sampled by hand", laplace_joint, "linear"),
    Peer(LT, "function-space samples", laplace_gp, "linear"),
    Peer(LT, "function-space samples, joint=True", laplace_gp_joint, "linear"),
    Peer(PO, "SGLD", posteriors_sgld, "linear"),
    Peer(PO, "SGHMC", posteriors_sghmc, "linear"),
    Peer(BJ, "NUTS", blackjax_nuts, "linear"),
    Peer("scikit-learn", "GaussianProcessRegressor.sample_y", sklearn_gaussian_process, "linear"),
]
