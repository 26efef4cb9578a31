#!/usr/bin/env python3
"""The raw SWIG module: load, create, set, run, an error of each kind, a callback.

Arguments: folder of effnn_c.py, examples/data.
"""
import json
import pathlib
import sys
import tempfile
import unittest
from array import array

MODULE, DATA = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, MODULE)
import effnn_c as c  # noqa: E402

MODEL = str(DATA / "digits_vit.onnx")
DIGITS = f"records:{DATA / 'digits.bin'},shape=1/8/8,label=first,scale=16"


def load():
    return c.effnn_model_load(None, MODEL, None)


def calibration(model, count=64):
    return c.effnn_dataset_open(None, f"{DIGITS},count={count}", model)


class Models(unittest.TestCase):
    def test_a_loaded_model_says_what_it_is(self):
        model = load()
        self.assertEqual(c.effnn_model_format(model), "onnx")
        spec = c.effnn_model_input_at(model, 0)
        self.assertEqual((spec.name, spec.rank), ("image", 4))
        self.assertGreater(c.effnn_model_cost(model).parameters, 70000)

    def test_a_session_gives_new_tensors(self):
        model = load()
        session = c.effnn_session_create(model, None)
        pixels = array("f", [0.5] * (3 * 64))
        tensor = c.tensor_from_buffer(None, pixels, c.EFFNN_F32, (3, 1, 8, 8))
        outputs = c.effnn_session_run(session, [tensor], None)
        del session, model
        self.assertEqual(c.effnn_tensor_dims(outputs[0]), (3, 10))
        logits = array("f", c.tensor_to_bytes(outputs[0]))
        self.assertEqual(logits[:10], logits[10:20])

    def test_evaluation_finds_the_trained_accuracy(self):
        model = load()
        data = c.effnn_dataset_open(None, f"{DIGITS},first=1297,count=500", model)
        self.assertGreater(c.effnn_model_evaluate(model, data, None).top1, 0.9)


class Transforms(unittest.TestCase):
    def test_lowrank_makes_the_model_smaller(self):
        model = load()
        before = c.effnn_model_cost(model).parameters
        method = c.effnn_transform_create(None, "lowrank")
        c.effnn_transform_set(method, "reduction", "0.5")
        self.assertEqual(c.effnn_transform_get(method, "reduction"), "0.5")
        options = c.effnn_transform_options()
        options.data = calibration(model)
        report = c.effnn_transform_run(method, model, options)
        after = c.effnn_model_cost(model).parameters
        self.assertLess(after, before)
        self.assertEqual(c.effnn_report_get(report, "after.parameters"), after)
        self.assertEqual(json.loads(c.effnn_report_json(report))["transform"], "lowrank")

    def test_a_callback_is_told_and_its_exception_comes_through(self):
        model = load()
        method = c.effnn_transform_create(None, "lowrank")
        options = c.effnn_transform_options()
        data = calibration(model)
        options.data = data
        told = []

        def progress(stage, done, total):
            told.append((stage, done, total))
            if len(told) > 1:
                raise ZeroDivisionError("from the callback")

        options.set_progress(progress)
        before = c.effnn_model_cost(model).parameters
        with self.assertRaisesRegex(ZeroDivisionError, "from the callback"):
            c.effnn_transform_run(method, model, options)
        self.assertEqual(len(told), 2)
        self.assertEqual(c.effnn_model_cost(model).parameters, before)

    def test_a_callback_can_stop_a_call(self):
        model = load()
        options = c.effnn_evaluate_options()
        stop = lambda stage, done, total: True  # noqa: E731
        options.set_progress(stop)
        with self.assertRaises(KeyboardInterrupt):
            c.effnn_model_evaluate(model, calibration(model), options)


class Errors(unittest.TestCase):
    """Each status is an exception of a fitting type with the library's message."""

    def test_unknown_option_is_a_key_error(self):
        method = c.effnn_transform_create(None, "lowrank")
        with self.assertRaisesRegex(KeyError, "no option 'reductio'; did you mean 'reduction'"):
            c.effnn_transform_set(method, "reductio", "0.5")

    def test_value_out_of_range_is_a_value_error(self):
        method = c.effnn_transform_create(None, "lowrank")
        with self.assertRaisesRegex(ValueError, "option 'reduction': 7 is outside"):
            c.effnn_transform_set(method, "reduction", "7")

    def test_missing_file_is_an_os_error(self):
        with self.assertRaisesRegex(OSError, "no_such.onnx"):
            c.effnn_model_load(None, "no_such.onnx", None)

    def test_malformed_file_is_a_value_error(self):
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            file.write(b"not a model")
            file.flush()
            with self.assertRaises(ValueError):
                c.effnn_model_load(None, file.name, None)

    def test_unknown_extension_is_not_implemented(self):
        with self.assertRaises(NotImplementedError):
            c.effnn_model_save(load(), "model.tar", None)

    def test_wrong_shape_is_a_value_error(self):
        session = c.effnn_session_create(load(), None)
        tensor = c.tensor_from_buffer(None, array("f", [0] * 4), c.EFFNN_F32, (2, 2))
        with self.assertRaisesRegex(ValueError, "input 'image'"):
            c.effnn_session_run(session, [tensor], None)

    def test_wrong_order_is_a_runtime_error(self):
        method = c.effnn_transform_create(None, "lowrank")
        with self.assertRaises(RuntimeError):
            c.effnn_transform_fold(method, load())

    def test_not_finite_is_an_arithmetic_error(self):
        model = load()
        nan = array("f", [float("nan")] * 64)
        tensor = c.tensor_from_buffer(None, nan, c.EFFNN_F32, (1, 1, 8, 8))
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            c.effnn_tensor_write_npy(tensor, file.name)
            data = c.effnn_dataset_open(None, f"npy:{file.name}", model)
        with self.assertRaises(ArithmeticError):
            c.effnn_model_evaluate(model, data, None)

    def test_impossible_size_is_a_memory_or_value_error(self):
        with self.assertRaises((MemoryError, ValueError)):
            c.effnn_tensor_create(None, c.EFFNN_F64, (1 << 40, 1 << 12))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
