/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_EFFNN_H
#define EFFNN_EFFNN_H

/** @file
 * All of libeffnn. A tour in four calls:
 *
 *     effnn_model *model;
 *     effnn_transform *method;
 *     effnn_dataset *data;
 *
 *     effnn_model_load(&model, NULL, "vit.onnx", NULL);                 // model.h
 *     effnn_dataset_open(&data, NULL, "cifar10:DIR,count=1024", model); // dataset.h
 *     effnn_transform_create(&method, NULL, "lowrank");                 // transform.h
 *     effnn_transform_set(method, "reduction", "0.6");
 *     effnn_transform_run(method, model,
 *                         &(effnn_transform_options){ .version = 1, .data = data, .batch = 32 },
 * NULL); effnn_model_save(model, "small.onnx", NULL);
 *
 * Every call that can fail returns an effnn_status; effnn_last_error() has the message. Results
 * come through the first parameter. Whoever creates, loads or clones an object destroys it.
 */

#include <effnn/base.h>
#include <effnn/dataset.h>
#include <effnn/decoder.h>
#include <effnn/format.h>
#include <effnn/model.h>
#include <effnn/option.h>
#include <effnn/session.h>
#include <effnn/site.h>
#include <effnn/tensor.h>
#include <effnn/tokenizer.h>
#include <effnn/train.h>
#include <effnn/transform.h>
#include <effnn/zoo.h>

#endif
