"""A GPU for machines without one: `device='fakegpu'` computes on the CPU and refuses what CUDA refuses.

    import pretend_gpu
    pretend_gpu.install()                    # once, before tensors are made
    x = torch.ones(3, device='fakegpu')
    x + torch.ones(3)                        # RuntimeError: Expected all tensors to be on the same device ...

A tensor that is left on the CPU by mistake passes every test on a CPU, and fails for the first reader who has a GPU. On this
device it fails here. As on CUDA, a CPU tensor of no dimensions may take part in elementwise arithmetic, CPU tensors may be
indices, a draw there wants a generator made there, and matrices of integers have no product. Not covered: a literal 'cuda', and
a draw on the CPU from a generator of the pretend GPU.

A `FakeGpu` tensor is a shell that says `fakegpu:0` around a CPU tensor, `raw`, that holds the values. PyTorch hands every
operation on a shell to `_run`, which looks at the devices, computes with the raw tensors and puts shells on the results.
"""
import copy

import torch
from torch import Tensor
from torch.utils import _pytree, backend_registration, benchmark
from torch.utils._python_dispatch import return_and_correct_aliasing

NAME = 'fakegpu'
DEVICE = None   # torch.device('fakegpu', 0), once torch knows the name
CPU = torch.device('cpu')
aten = torch.ops.aten


class FakeGpu(Tensor):
    "A tensor on the pretend GPU"
    @staticmethod
    def __new__(cls, raw, requires_grad=False):
        return Tensor._make_wrapper_subclass(
            cls, raw.size(), strides=raw.stride(), storage_offset=raw.storage_offset(), dtype=raw.dtype,
            layout=raw.layout, device=DEVICE, requires_grad=requires_grad)

    def __init__(self, raw, requires_grad=False): self.raw = raw

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None): return _run(func, args, kwargs or {})

    # What PyTorch answers without asking `_run`, or only for tensors whose type is exactly `Tensor`
    def tolist(self): return self.raw.tolist()
    def data_ptr(self): return self.raw.data_ptr()
    def untyped_storage(self): return self.raw.untyped_storage()
    def __format__(self, spec): return repr(self) if self.dim() else format(self.raw, spec)
    def __reduce_ex__(self, protocol): return _rebuild, (self.raw, self.requires_grad)

    def numpy(self, *, force=False):
        if force: return self.raw.numpy(force=True)
        raise TypeError(f"can't convert {DEVICE} device type tensor to numpy. "
                        'Use Tensor.cpu() to copy the tensor to host memory first.')

    def backward(self, gradient=None, *args, **kwargs):
        if isinstance(gradient, Tensor) and not isinstance(gradient, FakeGpu) and gradient.dim():
            raise RuntimeError(f'invalid gradient: expected device {DEVICE} but got {gradient.device}')
        super().backward(gradient, *args, **kwargs)

    def __repr__(self, *, tensor_contents=None):
        extra = f', grad_fn=<{self.grad_fn.name()}>' if self.grad_fn else ', requires_grad=True' * self.requires_grad
        return f"{repr(self.raw)[:-1]}, device='{DEVICE}'{extra})"

    def __deepcopy__(self, memo):
        if not self.is_leaf: raise RuntimeError('Only leaf tensors support the deepcopy protocol')
        new = memo[id(self)] = FakeGpu(self.raw.clone(), self.requires_grad)
        new.__dict__.update({k:copy.deepcopy(v, memo) for k,v in self.__dict__.items() if k != 'raw'})
        return new


def _rebuild(raw, requires_grad): return FakeGpu(raw, requires_grad)


# ---- What may meet what

_MOVES = {aten._to_copy.default, aten.copy_.default, aten._copy_from.default}
_INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
_FILLS = {aten.fill_.Tensor, aten.fill.Tensor, aten.masked_fill.Tensor, aten.masked_fill_.Tensor}

def _scalar_may_join(func):
    "CUDA takes CPU tensors without dimensions in elementwise arithmetic, and as a value to assign"
    return torch.Tag.pointwise in func.tags or func in _INDEXING or func in _FILLS

def _check_devices(func, args, kwargs):
    "Raise where CUDA would, for a call with tensors of both kinds"
    if func in _MOVES: return
    if func in _INDEXING: args = (args[0], *args[2:])   # indices may be on the CPU
    tensors = [t for t in _pytree.tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
    strangers = [t for t in tensors if not isinstance(t, FakeGpu)]
    if not strangers: return
    writes_to_stranger = func._schema.name.endswith('_') and strangers[0] is args[0]
    if not (writes_to_stranger or any(t.dim() for t in strangers)) and _scalar_may_join(func): return
    raise RuntimeError(f'Expected all tensors to be on the same device, but found at least two devices, {DEVICE} and '
                       f'{strangers[0].device}! ({func._schema.name}, shapes {[tuple(t.shape) for t in tensors]})')

def _check_generator(generator, on_gpu):
    wanted = NAME if on_gpu else 'cpu'
    found = NAME if generator._cdata in _gpu_generators else generator.device.type
    if wanted != found: raise RuntimeError(f"Expected a '{wanted}' device type for generator but found '{found}'")


# What CUDA has for no integers: "addmm_cuda" not implemented for 'Long'
_PRODUCTS = {aten.mm.default, aten.addmm.default, aten.bmm.default, aten.baddbmm.default, aten.mv.default, aten.addmv.default,
             aten.dot.default}

def _check_types(func, args):
    "Raise for a product of integers, as CUDA does"
    dtype = args[0].dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        raise NotImplementedError(f'{func._schema.name} is not implemented for {dtype} on {DEVICE}')


# ---- Running an operation

def _bare(values, kinds):
    "`values` with raw tensors for shells; `kinds` collects which of the two kinds of tensor were there"
    out = []
    for v in values:
        if isinstance(v, FakeGpu): kinds.add(True); v = v.raw
        elif isinstance(v, Tensor): kinds.add(False)
        elif isinstance(v, (list, tuple)): v = type(v)(_bare(v, kinds))
        out.append(v)
    return out

def _shells(out):
    if isinstance(out, Tensor): return FakeGpu(out)
    if isinstance(out, (list, tuple)): return type(out)(map(_shells, out))
    return out

_writing = {}   # func -> how it writes to its arguments: 'no', 'first' or 'otherwise'

def _writes(func):
    if func not in _writing:
        written = [a.alias_info is not None and a.alias_info.is_write for a in func._schema.arguments]
        simple = sum(written)==1 and written[0] and torch.Tag.inplace_view not in func.tags
        _writing[func] = 'no' if not any(written) else 'first' if simple else 'otherwise'
    return _writing[func]

def _run(func, args, kwargs):
    "Compute `func` on raw tensors, after the checks that CUDA would make"
    kinds = set()
    raw_args = _bare(args, kinds)
    raw_kwargs = dict(zip(kwargs, _bare(kwargs.values(), kinds)))
    if len(kinds)==2: _check_devices(func, args, kwargs)
    if func in _PRODUCTS and True in kinds: _check_types(func, args)
    device = kwargs.get('device')
    to_gpu = True in kinds if device is None else torch.device(device).type==NAME
    if kwargs.get('generator') is not None: _check_generator(kwargs['generator'], to_gpu)
    if device is not None and to_gpu: raw_kwargs['device'] = CPU
    out = func(*raw_args, **raw_kwargs)
    writes = _writes(func)
    if writes=='first': return args[0] if func._schema.returns else None   # `_foreach_add_` has no result
    if not to_gpu: return out
    if writes=='no': return _shells(out)
    out = return_and_correct_aliasing(func, args, kwargs, _shells(out))   # `t_`, `out=...`
    for t in out if isinstance(out, tuple) else (out,):
        if isinstance(t, FakeGpu) and t.shape != t.raw.shape:
            raise NotImplementedError(f'{func}: the pretend GPU cannot resize; give `out` its shape, {tuple(t.raw.shape)}')
    return out


# ---- Making it known to PyTorch

_registered = []        # kept alive: registrations end with their library
_gpu_generators = {}    # address -> generator, kept alive so that no other takes its address

class _AnyGenerator(type(torch.Generator)):
    def __instancecheck__(cls, x): return isinstance(x, torch._C.Generator)

class Generator(torch.Generator, metaclass=_AnyGenerator):
    "A generator that may live on the pretend GPU"
    def __new__(cls, device='cpu'):
        on_gpu = torch.device(device).type==NAME
        self = super().__new__(cls, CPU if on_gpu else device)
        if on_gpu: _gpu_generators[self._cdata] = self
        return self

    def __init__(self, device='cpu'): pass

    @property
    def device(self): return DEVICE if self._cdata in _gpu_generators else super().device

def _factories():
    "The operations that make a tensor on a device from no other tensor, such as `aten::ones`"
    for name in torch._C._dispatch_get_all_op_names():
        namespace,_,name = name.partition('::')
        base,_,overload = name.partition('.')
        if namespace != 'aten' or not hasattr(aten, base): continue
        func = getattr(getattr(aten, base), overload or 'default', None)
        arguments = func._schema.arguments if func else []
        if any(a.name=='device' for a in arguments) and not any('Tensor' in str(a.type) for a in arguments): yield func

def _maker(func):
    def make(*args, **kwargs): return _run(func, args, {**kwargs, 'device':DEVICE})
    return make

def _copy_from(source, target, non_blocking=False):
    "The copy at the end of `torch.tensor(..., device='fakegpu')`, in which torch does not ask `_run`"
    _bare([target], set())[0].copy_(_bare([source], set())[0])
    return target

def _item(t): return t.raw.item()

_plain_data = torch._C.TensorBase.data

def _set_data(tensor, new):
    "`tensor.data = new`, also where only one of the two is on the pretend GPU"
    if isinstance(tensor, FakeGpu) and isinstance(new, FakeGpu): tensor.raw = new.raw
    if isinstance(tensor, FakeGpu)==isinstance(new, FakeGpu): return _plain_data.__set__(tensor, new)
    attributes = {k:v for k,v in tensor.__dict__.items() if k != 'raw'}
    torch.utils.swap_tensors(tensor, new.detach().requires_grad_(tensor.requires_grad))
    tensor.__dict__.update(attributes)

def install():
    "Make `fakegpu` a device of this process"
    global DEVICE
    if DEVICE is not None: return
    backend_registration._setup_privateuseone_for_python_backend(NAME)
    DEVICE = torch.device(NAME, 0)
    library = torch.library.Library('aten', 'IMPL')
    for func in _factories(): library.impl(func, _maker(func), 'PrivateUse1')
    library.impl('_copy_from', _copy_from, 'PrivateUse1')
    library.impl('_local_scalar_dense', _item, 'PrivateUse1')
    _registered.append(library)
    torch.accelerator.synchronize = lambda device=None: None   # torch's Timer calls it; nothing runs behind our back
    benchmark.Timer.blocked_autorange = lambda timer, *args, **kwargs: timer.timeit(1)   # times mean nothing here
    torch.Generator = Generator
    Tensor.data = property(lambda t: _plain_data.__get__(t), _set_data)
    torch.serialization.add_safe_globals([_rebuild])
