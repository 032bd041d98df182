"""Draft of backprop: `03_backprop` will export this"""
import threading
from collections import deque
import torch
from torch import Tensor
from fa_foundations.fully_connected import general_relu, kaiming_normal, lin, mse, mse_diff, relu

def mse_grad(inp, targ):
    inp.g = 2. * mse_diff(inp, targ) / inp.numel()

def relu_grad(inp, out):
    inp.g = out.g * (inp > 0)

def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)

def add_grad(t, g):
    "Add `g` to the gradient of `t`, out of place"
    if g.shape != t.shape:
        raise ValueError(f'a gradient has the shape of its tensor: {tuple(t.shape)}, not {tuple(g.shape)}')
    if wants_grad(t):
        old = getattr(t, 'g', None)
        t.g = g if old is None else old + g

def wants_grad(t):
    "False for the input of a model whose gradient nobody asked for: its layer need not compute it"
    return getattr(t, 'g', None) is not False

class _Calls(threading.local):
    record = None   # where calls are noted; None: a call stands alone and notes itself

_calls = _Calls()

class Module:
    "A layer: `forward` computes its output, `bwd` gives each input and parameter its gradient"
    _record = None  # (layer, output, arguments) of each call in the last pass

    def forward(self, *args): raise NotImplementedError(f'{type(self).__name__} defines no forward')
    def bwd(self, out, *args): raise NotImplementedError(f'{type(self).__name__} defines no bwd')

    def __call__(self, *args):
        outer,leaf = _calls.record,type(self).bwd is not Module.bwd
        if outer is None: self._record = None
        record = [] if outer is None else outer
        n = len(record)
        _calls.record = None if leaf else record    # what is called inside a layer with its own `bwd` stands alone
        try: out = self.forward(*args)
        finally: _calls.record = outer
        if leaf or len(record) == n:
            for t in args:
                if isinstance(t, Tensor): t.g = None
            out.g = None
            record.append((self, out, args))
        if outer is None: self._record = record
        return out

    def backward(self):
        "Run the `bwd` of the recorded calls, the last one first, and drop the record"
        record,self._record = self._record,None
        if not record: raise RuntimeError(f'{type(self).__name__}.backward() needs a pass to go back through: call it first, once for each backward')
        root = record[-1][1]
        while record:
            layer,out,args = record.pop()
            if out.g is None and not (out is root and out.ndim == 0):
                raise RuntimeError(f'no gradient has reached the output of {layer!r}: set `out.g`, or look at the `bwd` of the layer after it')
            layer.bwd(out, *args)

    def _named(self, prefix='', seen=None):
        "(name, owner, attribute, tensor) of each parameter, once"
        seen = set() if seen is None else seen
        if id(self) in seen: return
        seen.add(id(self))
        for k,v in vars(self).items():
            if k.startswith('_'): continue
            if isinstance(v, Tensor):
                if id(v) not in seen: seen.add(id(v)); yield prefix+k,self,k,v
            for i,m in enumerate(v) if isinstance(v, (list,tuple)) else [('',v)]:
                if isinstance(m, Module): yield from m._named(f'{prefix}{k}.{i}.' if i != '' else f'{prefix}{k}.', seen)

    def parameters(self): return [t for _,_,_,t in self._named()]
    def zero_grad(self):
        for t in self.parameters(): t.g = None
    def to(self, *args, **kw):
        for _,owner,k,t in list(self._named()): setattr(owner, k, t.to(*args, **kw))
        return self
    def state_dict(self): return {n: t.detach().clone() for n,_,_,t in self._named()}
    def load_state_dict(self, state):
        for n,_,_,t in self._named(): t.copy_(state[n])

class Lin(Module):
    def __init__(self, w, b): self.w,self.b = w,b
    @classmethod
    def init(cls, n_in, n_out, init=kaiming_normal, **kw):
        w = init((n_in, n_out), **kw)
        return cls(w, w.new_zeros(n_out))
    def forward(self, inp): return lin(inp, self.w, self.b)
    def bwd(self, out, inp):
        if wants_grad(inp): add_grad(inp, out.g @ self.w.t())
        add_grad(self.w, inp.t() @ out.g)
        add_grad(self.b, out.g.sum(0))

class Relu(Module):
    def forward(self, inp): return relu(inp)
    def bwd(self, out, inp): add_grad(inp, out.g * (inp > 0))

class GeneralRelu(Module):
    def __init__(self, leak=0., sub=0.): self.leak,self.sub = leak,sub
    def forward(self, inp): return general_relu(inp, self.leak, self.sub)
    def bwd(self, out, inp): add_grad(inp, torch.where(inp > 0, out.g, out.g*self.leak))

class Mse(Module):
    def forward(self, inp, targ): return mse(inp, targ)
    def bwd(self, out, inp, targ): add_grad(inp, 2. * mse_diff(inp, targ) / inp.numel())

class _Add(Module):
    def forward(self, a, b): return a + b
    def bwd(self, out, a, b): add_grad(a, out.g); add_grad(b, out.g)

class Residual(Module):
    def __init__(self, layers): self.layers,self._add = layers,_Add()
    def forward(self, inp):
        x = inp
        for l in self.layers: x = l(x)
        return self._add(inp, x)

class Model(Module):
    "Layers in a row and a loss"
    def __init__(self, layers, loss=None): self.layers,self.loss = layers,Mse() if loss is None else loss
    def forward(self, x, targ=None):
        for l in self.layers: x = l(x)
        return x if targ is None else self.loss(x, targ)
    def __call__(self, x, targ=None):
        if targ is not None:
            loss = super().__call__(x, targ)
            self._input = x
            return loss
        outer = _calls.record
        _calls.record = deque(maxlen=0) if outer is None else outer   # predictions: a record that forgets
        try: return self.forward(x)
        finally: _calls.record = outer
    def backward(self, input_grad=False):
        x,self._input = getattr(self, '_input', None),None
        if x is not None: x.g = None if input_grad else False
        try: super().backward()
        finally:
            if x is not None and not input_grad: x.g = None
