"""The pretend GPU computes what a CPU computes, accepts what CUDA accepts and refuses what CUDA refuses."""
import copy
import io

import numpy as np
import pytest
import torch
from torch import nn, tensor
from torch.testing import assert_close

import pretend_gpu

@pytest.fixture(scope='module', autouse=True)
def installed(): pretend_gpu.install()

@pytest.fixture
def gpu(): return torch.device('fakegpu')

@pytest.fixture
def x(gpu): return torch.arange(6.).view(2, 3).to(gpu)

REFUSED = pytest.raises(RuntimeError, match='Expected all tensors to be on the same device')
GENERATOR_REFUSED = pytest.raises(RuntimeError, match='device type for generator')


# ---- A device like others

def test_device(x, gpu):
    assert x.device==torch.device('fakegpu', 0) and x.device.type=='fakegpu'
    assert gpu==torch.device('fakegpu') != torch.device('cpu')
    assert x.cpu().device==torch.device('cpu') and x.to(torch.float64).device==x.device
    assert isinstance(x, torch.Tensor) and not x.is_cuda

@pytest.mark.parametrize('make', [
    lambda d: torch.ones(3, device=d), lambda d: torch.zeros(2, 0, device=d), lambda d: torch.empty(1, device=d),
    lambda d: torch.arange(3, device=d), lambda d: torch.linspace(0, 1, 3, device=d), lambda d: torch.eye(2, device=d),
    lambda d: torch.full((2,), 3, device=d), lambda d: torch.randperm(4, device=d), lambda d: torch.rand(2, device=d),
    lambda d: tensor([1, 2], device=d), lambda d: tensor(3., device=d), lambda d: torch.as_tensor([1.], device=d),
    lambda d: torch.from_numpy(np.ones(2)).to(d), lambda d: torch.ones(2).to('fakegpu:0'),
    lambda d: torch.zeros_like(torch.ones(2), device=d)])
def test_made_there(make, gpu):
    made = make(gpu)
    assert made.device.type=='fakegpu' and (made + made).device.type=='fakegpu' and made.cpu().shape==made.shape

def test_values_come_out(x):
    assert x.tolist()==[[0, 1, 2], [3, 4, 5]] and x[1].tolist()==[3, 4, 5]
    assert x.sum().item()==15 and float(x[1, 2])==5 and int(x.max())==5 and bool((x >= 0).all())
    assert f'{x.sum():.2f}'=='15.00' and [7, 8, 9][tensor(2, device=x.device)]==9
    assert repr(x[0])=="tensor([0., 1., 2.], device='fakegpu:0')"
    assert tensor([x[0, 0], x[0, 1]]).tolist()==[0, 1]
    assert [row.sum().item() for row in x]==[3, 12]

@pytest.mark.parametrize('f', [lambda t: t.numpy(), np.asarray])
def test_no_numpy(f, x):
    with pytest.raises(TypeError, match=r'Use Tensor.cpu\(\)'): f(x)
    f(x.cpu())

@pytest.mark.parametrize('f', [
    lambda t: t@t.T, lambda t: torch.einsum('ij,kj->ik', t, t), lambda t: t.softmax(1), lambda t: t.std(0), lambda t: t[t > 1],
    lambda t: t[:, None]*t, lambda t: torch.where(t > 2, t, 0.), lambda t: torch.stack([t, t]), lambda t: t.max(1).indices,
    lambda t: torch.linalg.svdvals(t), lambda t: t.expand(4, 2, 3).sum(0), lambda t: t.T.reshape(-1), lambda t: t.unique(),
    lambda t: torch.complex(t, t).conj()@torch.complex(t, t).T, lambda t: torch.nn.functional.cross_entropy(t, t.argmax(1))])
def test_same_values_as_cpu(f, x): assert_close(f(x).cpu(), f(x.cpu()))

def test_writing(x):
    x[0] = 7
    x[1, 1:] = tensor([8., 9.], device=x.device)
    x[:, 0].add_(1)
    x[x==8] = 0
    assert x.tolist()==[[0, 7, 7], [4, 0, 9]]
    x.view(-1)[0] = 5
    assert x[0, 0]==5 and x.t_().shape==x.shape==(3, 2)
    assert x.copy_(torch.ones(3, 2)) is x and x.sum()==6
    assert torch.add(x, x, out=torch.empty_like(x)).tolist()==[[2, 2]]*3

def test_layout(x):
    assert x.T.stride()==(1, 3) and not x.T.is_contiguous() and x[1].storage_offset()==3
    assert x.untyped_storage().nbytes()==24 and x.data_ptr()==x[0].data_ptr()


# ---- What CUDA accepts

def test_scalars_of_the_cpu_may_join(x):
    two = tensor(2.)
    assert (x*two).tolist()==(two*x).tolist()==(x*2).tolist()
    assert torch.where(x > 3, x, tensor(0.)).sum()==9
    x[0] = tensor(1.)
    x[x > 3] = tensor(0.)
    assert x.fill_(two).sum()==12

def test_cpu_indices_are_welcome(x):
    assert x[tensor([1])].tolist()==[[3, 4, 5]] and x[(x > 2).cpu()].tolist()==[3, 4, 5]
    x[tensor([0])] = 9
    assert x[0].tolist()==[9, 9, 9]

def test_its_own_generator(gpu):
    def draw(): return torch.randn(4, generator=torch.Generator(gpu).manual_seed(1), device=gpu)
    assert draw().device.type=='fakegpu' and draw().tolist()==draw().tolist()
    assert torch.Generator(gpu).device==torch.device('fakegpu', 0) and torch.Generator().device==torch.device('cpu')
    assert isinstance(torch.default_generator, torch.Generator)


# ---- What CUDA refuses

@pytest.mark.parametrize('f', [
    lambda t, c: t + c, lambda t, c: c + t, lambda t, c: t@c.T, lambda t, c: torch.stack([t, c]), lambda t, c: torch.cat([c, t]),
    lambda t, c: t.add_(c), lambda t, c: c.add_(t), lambda t, c: torch.where(t > 0, c, t), lambda t, c: c[t > 0],
    lambda t, c: torch.equal(t, c), lambda t, c: c.sum().add_(t.sum()), lambda t, c: t.sum()*c,
    lambda t, c: torch.stack([t.sum(), c.sum()]), lambda t, c: t.__setitem__(t > 0, c.view(-1)[:5]),
    lambda t, c: nn.Linear(3, 2)(t), lambda t, c: nn.Linear(3, 2).to(t.device)(c),
    lambda t, c: torch.einsum('ij,ij->', t, c), lambda t, c: t.index_select(0, tensor([0]))])
def test_mixing(f, x):
    with REFUSED: f(x, x.cpu())

@pytest.mark.parametrize('f', [
    lambda t: t@t.T, lambda t: torch.einsum('ij,kj->ik', t, t), lambda t: t@t[0], lambda t: t[0]@t[0], lambda t: torch.bmm(t[None], t.T[None]),
    lambda t: torch.addmm(t[:, :2], t, t.T), lambda t: torch.addmv(t[:, 0], t, t[0])])
def test_no_product_of_integers(f, x):
    f(x), f(x.cpu().int())
    with pytest.raises(NotImplementedError, match='not implemented for torch.int32'): f(x.int())

def test_foreign_generators(gpu):
    foreign = torch.Generator()
    with GENERATOR_REFUSED: torch.randn(3, generator=foreign, device=gpu)
    with GENERATOR_REFUSED: torch.randperm(3, generator=foreign, device=gpu)
    with GENERATOR_REFUSED: torch.empty(3, device=gpu).normal_(generator=foreign)
    with GENERATOR_REFUSED: nn.init.kaiming_normal_(torch.empty(3, 2, device=gpu), generator=foreign)
    assert torch.randn(3, generator=foreign).to(gpu).shape==(3,)

def test_comparisons_see_the_device(x):
    with pytest.raises(AssertionError, match='device'): assert_close(x, x.cpu())


# ---- Autograd, modules, copies, files

def test_autograd(x, gpu):
    w = torch.ones(3, 2, device=gpu, requires_grad=True)
    (x@w).relu().pow(2).mean().backward()
    judge = torch.ones(3, 2, requires_grad=True)
    (x.cpu()@judge).relu().pow(2).mean().backward()
    assert w.grad.device.type=='fakegpu'
    assert_close(w.grad.cpu(), judge.grad)
    with pytest.raises(RuntimeError, match='device'): w.grad = torch.ones(3, 2)
    with pytest.raises(RuntimeError, match='device'): (w*2).backward(torch.ones(3, 2))
    with torch.no_grad(): assert w.sub_(w.grad).requires_grad

def test_autograd_function(x):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t): return t*2
        @staticmethod
        def backward(ctx, grad): return grad*2
    assert torch.autograd.gradcheck(Double.apply, x.double().requires_grad_())

@pytest.mark.parametrize('optimizer', [torch.optim.SGD, torch.optim.AdamW])
def test_training(x, gpu, optimizer):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    there = copy.deepcopy(net).to(gpu)
    for model,data in (net, x.cpu()), (there, x):
        steps = optimizer(model.parameters(), lr=.1)
        for _ in range(3):
            steps.zero_grad()
            model(data).pow(2).mean().backward()
            steps.step()
    for ours,theirs in zip(there.cpu().parameters(), net.parameters()): assert_close(ours, theirs)

def test_lists_in_place(x, gpu):
    ours = [x.clone(), x.clone()]
    torch._foreach_add_(ours, [x, 2*x], alpha=.5)
    torch._foreach_mul_(ours, 2.)
    for t,factor in zip(ours, (3, 4)): assert_close(t.cpu(), x.cpu()*factor)
    with pytest.raises(RuntimeError, match='device'): torch._foreach_add_(ours, [x.cpu(), x])

def test_data_moves(gpu):
    w = torch.ones(2, requires_grad=True)
    w.g = 'kept'
    w.data = w.data.to(gpu)
    assert w.device.type=='fakegpu' and w.requires_grad and w.g=='kept'
    w.data = w.data*3
    assert w.tolist()==[3, 3] and w.data.device.type=='fakegpu'

def test_copies_and_files(x):
    twin = copy.deepcopy(x)
    twin.add_(1)
    assert x.sum()==15 and twin.sum()==21
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    assert_close(torch.load(file), x)
