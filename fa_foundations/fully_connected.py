"""Draft of fully_connected: `02_fully_connected` will export this"""
import math
import torch
from torch import Tensor

def lin(x, w, b):
    if x.ndim != 2 or x.shape[1] != w.shape[0]:
        raise ValueError(f'lin takes x (batch, n_in) and w (n_in, n_out): x is {tuple(x.shape)}, w is {tuple(w.shape)}')
    return x @ w + b

def relu(x): return x.clamp_min(0.)

def general_relu(x, leak=0., sub=0.):
    out = torch.where(x > 0, x, x*leak) if leak else relu(x)
    return out - sub if sub else out

def mse_diff(output, targ):
    "`output - targ`, in the shape and dtype of `output`; refuses pairs that would broadcast"
    o,t = tuple(output.shape),tuple(targ.shape)
    if o != t and not (o[:1] == t[:1] and {o[1:], t[1:]} == {(1,), ()}):
        raise ValueError(f'mse compares equal shapes, or (n, 1) with (n,): got {o} and {t}')
    return output - targ.reshape(o).to(output.dtype)

def mse(output, targ): return mse_diff(output, targ).pow(2).mean()

def calculate_fans(shape, layout='in_out'):
    i,o = (0,1) if layout=='in_out' else (1,0)
    field = math.prod(shape[2:])
    return shape[i]*field, shape[o]*field

def gain(nonlinearity='relu', a=0.):
    return {'linear':1., 'tanh':5/3}.get(nonlinearity, math.sqrt(2/(1+a*a)))

def kaiming_normal(shape, *, generator=None, dtype=None, device=None, layout='in_out'):
    fan_in,_ = calculate_fans(shape, layout)
    return (torch.randn(shape, generator=generator, dtype=dtype)*math.sqrt(2/fan_in)).to(device)

def init_params(n_in, n_hidden, n_out, init=kaiming_normal, *, generator=None, dtype=None, device=None):
    kw = dict(generator=generator, dtype=dtype, device=device)
    w1,w2 = init((n_in, n_hidden), **kw),init((n_hidden, n_out), **kw)
    return w1, w1.new_zeros(n_hidden), w2, w2.new_zeros(n_out)

def model(x, params):
    w1,b1,w2,b2 = params
    return lin(relu(lin(x, w1, b1)), w2, b2)
