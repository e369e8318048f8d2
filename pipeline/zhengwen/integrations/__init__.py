"""zhengwen as a step of pipelines that stand already: datatrove, Ray Data, scikit-learn. docs/scale.md shows each."""
