/* SPDX-License-Identifier: BSD-3-Clause */
/* Opaque handles: made by `out` parameters, destroyed with the Python object. */

%define %handle(TYPE, DESTROY)
%ignore DESTROY;
%nodefaultctor TYPE;
typedef struct TYPE {} TYPE;
%extend TYPE { ~TYPE() { DESTROY($self); } }
%typemap(in, numinputs=0) TYPE **out (TYPE *temp = NULL) { $1 = &temp; }
%typemap(argout) TYPE **out {
    $result = append_result($result, SWIG_NewPointerObj(*$1, $descriptor(TYPE *), SWIG_POINTER_OWN));
}
%enddef

%handle(effnn_context, effnn_context_destroy)
%handle(effnn_tensor, effnn_tensor_release)
%handle(effnn_model, effnn_model_destroy)
%handle(effnn_session, effnn_session_destroy)
%handle(effnn_dataset, effnn_dataset_destroy)
%handle(effnn_site_list, effnn_site_list_destroy)
%handle(effnn_transform, effnn_transform_destroy)
%handle(effnn_report, effnn_report_destroy)

/* effnn_transform_run() gives the report as a result too. */
%typemap(in, numinputs=0) effnn_report **report (effnn_report *temp = NULL) { $1 = &temp; }
%typemap(argout) effnn_report **report {
    $result = append_result($result,
                            SWIG_NewPointerObj(*$1, $descriptor(effnn_report *), SWIG_POINTER_OWN));
}

/* Reference counting is the Python object's business. */
%ignore effnn_tensor_retain;
