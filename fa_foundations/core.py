"""Draft of core: `00_core` will export this"""
import gzip, os, struct
from pathlib import Path
from typing import NamedTuple
import numpy as np
import torch
from torch import Tensor

class Data(NamedTuple):
    "MNIST as six tensors: images `(n, pixels)`, labels `(n,)`"
    x_train:Tensor
    y_train:Tensor
    x_valid:Tensor
    y_valid:Tensor
    x_test:Tensor
    y_test:Tensor

def default_device():
    "The device that the notebooks compute on: `FA_DEVICE` if set, else cuda if there is one, else cpu"
    name = os.environ.get('FA_DEVICE')
    if not name: return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    return torch.device(name)

def read_idx(path):
    path = Path(path)
    raw = gzip.open(path).read() if path.suffix=='.gz' else path.read_bytes()
    ndim = raw[3]
    shape = struct.unpack(f'>{ndim}I', raw[4:4+4*ndim])
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=4+4*ndim).reshape(shape).copy())

def get_data(path=None, device=None):
    path = Path(path or Path(__file__).parent/'data'/'mnist')
    def load(name): return read_idx(path/f'{name}.gz')
    def images(name): return (load(name).flatten(1).float()/255).to(device)
    def labels(name): return load(name).long().to(device)
    x,y = images('train-images-idx3-ubyte'),labels('train-labels-idx1-ubyte')
    n = len(x)*5//6
    return Data(x[:n], y[:n], x[n:], y[n:], images('t10k-images-idx3-ubyte'), labels('t10k-labels-idx1-ubyte'))

def normalize(x, mean, std): return (x-mean)/std

def normalize_data(data):
    m,s = data.x_train.mean(),data.x_train.std()
    return data._replace(x_train=normalize(data.x_train,m,s), x_valid=normalize(data.x_valid,m,s), x_test=normalize(data.x_test,m,s))

def rel_error(a, b):
    if a.shape != b.shape: raise ValueError(f'shapes differ: {tuple(a.shape)} and {tuple(b.shape)}')
    return ((a-b).norm()/b.norm()).item()

def show_images(x, labels=None, **kw): raise NotImplementedError('draft')
