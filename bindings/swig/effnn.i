/* SPDX-License-Identifier: BSD-3-Clause */
/* Python module effnn_c, straight from the public headers: a status becomes an exception with the
 * library's message, `out` parameters become results, handles own what they point to. No logic of
 * its own; typemaps by kind are in the files included below. */
%module(threads="1") effnn_c

%{
#include <effnn/effnn.h>
%}

%include <stdint.i>

/* The GIL is kept unless a call is listed here as one that may take long. */
%nothread;
%thread effnn_model_load;
%thread effnn_model_save;
%thread effnn_model_evaluate;
%thread effnn_session_run;
%thread effnn_transform_run;
%thread effnn_transform_check;
%thread effnn_transform_apply;
%thread effnn_transform_fit;
%thread effnn_transform_fold;

%include "status.i"
%include "handles.i"
%include "structs.i"
%include "tensor.i"
%include "callbacks.i"

%include <effnn/base.h>
%include <effnn/option.h>
%include <effnn/format.h>
%include <effnn/tensor.h>
%include <effnn/model.h>
%include <effnn/session.h>
%include <effnn/dataset.h>
%include <effnn/train.h>
%include <effnn/site.h>
%include <effnn/transform.h>
%include <effnn/zoo.h>
