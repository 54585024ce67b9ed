"""Writes optimizers.json: the weights after 50 steps in float64 of every optimizer, from the formulas of their papers, and the
learning rates of PyTorch's schedules.

    python3 optimizers.py >optimizers.json
"""
import json
import math

import torch

SHAPES = {"h.0.wide.weight": (4, 6), "h.0.tall.weight": (7, 3), "wte.weight": (5, 4), "h.0.bias": (6,)}
STEPS, RATE = 50, 0.02


def start():
    params = {}
    for name, shape in SHAPES.items():
        n = math.prod(shape)
        params[name] = torch.sin(torch.arange(1, n + 1, dtype=torch.float64)).reshape(shape)
    return params


def gradient(w, t):
    i = torch.arange(1, w.numel() + 1, dtype=torch.float64).reshape(w.shape)
    return torch.cos((t + 1) * i) + 0.3 * w


def decay(w, wd):
    return wd if w.dim() >= 2 else 0.0


def adamw(rate, betas=(0.9, 0.999), wd=0.1, eps=1e-8):
    def step(w, g, s, t):
        m, v = s.get("m", torch.zeros_like(w)), s.get("v", torch.zeros_like(w))
        s["m"], s["v"] = m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        mh, vh = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        return w * (1 - rate * decay(w, wd)) - rate * mh / (vh.sqrt() + eps)
    return step


def lion(w, g, s, t):
    m = s.get("m", torch.zeros_like(w))
    w = w * (1 - RATE * decay(w, 0.1)) - RATE * torch.sign(0.9 * m + 0.1 * g)
    s["m"] = 0.99 * m + 0.01 * g
    return w


def lamb(w, g, s, t):
    m, v = s.get("m", torch.zeros_like(w)), s.get("v", torch.zeros_like(w))
    s["m"], s["v"] = m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    r = (m / (1 - 0.9 ** t)) / ((v / (1 - 0.999 ** t)).sqrt() + 1e-6) + decay(w, 0.1) * w
    a, b = w.norm(), r.norm()
    return w - RATE * (a / b if a > 0 and b > 0 else 1.0) * r


def adafactor(w, g, s, t):
    beta, sq = 1 - t ** -0.8, g * g + 1e-30
    if w.dim() >= 2:
        r, c = s.get("r", torch.zeros(w.shape[0], 1, dtype=w.dtype)), s.get("c", torch.zeros(1, w.shape[1], dtype=w.dtype))
        s["r"] = r = beta * r + (1 - beta) * sq.mean(1, keepdim=True)
        s["c"] = c = beta * c + (1 - beta) * sq.mean(0, keepdim=True)
        v = r * c / r.mean()
    else:
        s["v"] = v = beta * s.get("v", torch.zeros_like(w)) + (1 - beta) * sq
    u = g / v.sqrt()
    u = u / max(1.0, u.square().mean().sqrt().item())
    w = w * (1 - RATE * decay(w, 0.1))
    return w - min(RATE, t ** -0.5) * max(1e-3, w.square().mean().sqrt().item()) * u


def zeropower(u, steps=5):
    x = u / (u.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if tall else x


def muon(w, g, s, t):
    m = s.get("m", torch.zeros_like(w))
    s["m"] = m = m.lerp(g, 0.05)
    x = zeropower(g.lerp(m, 0.95)) * max(1, w.shape[0] / w.shape[1]) ** 0.5
    return w * (1 - RATE * 0.1) - RATE * x


def muon_and_adamw(name):
    if name in ("h.0.wide.weight", "h.0.tall.weight"):
        return muon
    return adamw(RATE * 3e-4 / 0.02, betas=(0.9, 0.95), wd=0)


def schedule_free(w, g, s, t):
    """w is y; the rate falls so that the highest rate so far matters."""
    rate = RATE / (1 + 0.1 * (t - 1))
    z, v = s.get("z", w.clone()), s.get("v", torch.zeros_like(w))
    s["max"] = max(s.get("max", 0.0), rate)
    q = t ** 0.5 * s["max"] ** 2
    s["sum"] = s.get("sum", 0.0) + q
    c = q / s["sum"]
    s["v"] = v = 0.999 * v + 0.001 * g * g
    d = g / ((v / (1 - 0.999 ** t)).sqrt() + 1e-8) + decay(w, 0.1) * w
    y = w.lerp(z, c) + rate * (0.9 * (1 - c) - 1) * d
    s["z"] = z - rate * d
    s["x"] = y.lerp(s["z"], 1 - 1 / 0.9)
    return y


def ema(name):
    inner = adamw(RATE)

    def step(w, g, s, t):
        w = inner(w, g, s, t)
        s["x"] = w.clone() if t == 1 else 0.9 * s["x"] + 0.1 * w
        return w
    return step


def run(rule):
    params, states = start(), {name: {} for name in SHAPES}
    for t in range(STEPS):
        for name, w in params.items():
            params[name] = rule(name)(w, gradient(w, t), states[name], t + 1)
    weights = {name: w.flatten().tolist() for name, w in params.items()}
    average = {name: s["x"].flatten().tolist() for name, s in states.items() if "x" in s}
    return {"weights": weights, "average": average}


def rates(make, steps=60, base=0.5, measure=None):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    schedule, out = make(opt), []
    for i in range(steps):
        out.append(opt.param_groups[0]["lr"])
        opt.step()
        schedule.step(measure(i)) if measure else schedule.step()
    return out


lr = torch.optim.lr_scheduler
emas = {}
result = {
    "optimizers": {
        "AdamW": run(lambda name: adamw(RATE)),
        "Lion": run(lambda name: lion),
        "LAMB": run(lambda name: lamb),
        "Adafactor": run(lambda name: adafactor),
        "Muon": run(muon_and_adamw),
        "ScheduleFree": run(lambda name: schedule_free),
        "EMA": run(lambda name: emas.setdefault(name, ema(name))),
    },
    "schedules": {
        "Step": rates(lambda o: lr.StepLR(o, 7, gamma=0.3)),
        "Restarts": rates(lambda o: lr.CosineAnnealingWarmRestarts(o, 8, T_mult=2, eta_min=0.05)),
        "OneCycle": rates(lambda o: lr.OneCycleLR(o, max_lr=0.5, total_steps=60)),
        "Plateau": rates(lambda o: lr.ReduceLROnPlateau(o, factor=0.4, patience=2, cooldown=3, threshold=0.01, min_lr=0.01),
                         measure=lambda i: 2 + math.cos(i / 3) / (1 + i / 10)),
    },
}
print(json.dumps(result, indent=1))
