/* Counts behind the texture features: pairs, dependences, runs, zones and neighbourhood differences of grey levels.
 *
 * What is counted is defined by PyRadiomics 3.0.1 (van Griethuysen et al., Cancer Res 77, 2017; C source cmatrices.c)
 * for distance 1 and 26 neighbours in 13 directions. Voxels are visited level by level, in scan order within a level:
 * so every matrix is made row by row, entries in order, and only those that are not zero are ever stored. Memory
 * grows with the box and with the region, never with the square of the number of levels.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIRECTIONS 13
#define MAX_LEVELS 65535

enum family { PAIRS = 1, DEPENDENCES = 2, RUNS = 4, ZONES = 8, DIFFERENCES = 16 };

/* PyRadiomics' order; (z, y, x). */
static const int ANGLES[DIRECTIONS][3] = {
    {1, 1, 1}, {1, 1, 0}, {1, 1, -1}, {1, 0, 1}, {1, 0, 0}, {1, 0, -1}, {1, -1, 1}, {1, -1, 0}, {1, -1, -1},
    {0, 1, 1}, {0, 1, 0}, {0, 1, -1}, {0, 0, 1},
};

typedef struct {
    Py_ssize_t used, room;
    int32_t *row, *column, *count;
    int64_t start[DIRECTIONS + 1]; /* entries of direction a: start[a] to start[a + 1] */
} Matrix;

typedef struct {
    Py_ssize_t size[3], stride[3]; /* of the padded box */
    Py_ssize_t offset[DIRECTIONS];
    Py_ssize_t n_voxels, n_levels, largest; /* largest: voxels of the commonest level */
    uint16_t *level;                        /* padded box: rank of the level from 1; 0 outside the region */
    uint32_t *voxel;                        /* indices into the padded box, level by level */
    Py_ssize_t *first;                      /* voxels of rank r: first[r] to first[r + 1], r from 1 */
    int32_t *value;                         /* true level of rank r; value[0] is 0 */
    int32_t *length;                        /* padded box: length of the run so far, or whether in a zone already */
    int32_t *histogram;                     /* by run length, zone size or dependence */
} Region;

static int put(Matrix *m, Py_ssize_t row, int32_t column, int32_t count)
{
    if (m->used == m->room) {
        Py_ssize_t room = m->room ? 2 * m->room : 1024;
        int32_t **arrays[3] = {&m->row, &m->column, &m->count};
        for (int k = 0; k < 3; k++) {
            int32_t *grown = realloc(*arrays[k], (size_t)room * sizeof(int32_t));
            if (!grown)
                return 0;
            *arrays[k] = grown;
        }
        m->room = room;
    }
    m->row[m->used] = (int32_t)row - 1;
    m->column[m->used] = column;
    m->count[m->used++] = count;
    return 1;
}

/* Move what the histogram holds up to `highest` into a row of the matrix, leaving the histogram empty. */
static int put_histogram(Matrix *m, Py_ssize_t row, int32_t *histogram, int32_t highest)
{
    for (int32_t k = 1; k <= highest; k++) {
        if (!histogram[k])
            continue;
        if (!put(m, row, k, histogram[k]))
            return 0;
        histogram[k] = 0;
    }
    return 1;
}

/* Neighbours on both sides, so that the matrix is symmetric. `beside` takes two levels a voxel, `next` a place a rank.
 * Visiting the neighbours by rising level leaves each row sorted. */
static int count_pairs(const Region *r, Matrix *m, Py_ssize_t offset, uint16_t *beside, Py_ssize_t *next)
{
    for (Py_ssize_t c = 1; c <= r->n_levels; c++)
        next[c] = 2 * r->first[c];
    for (Py_ssize_t c = 1; c <= r->n_levels; c++)
        for (Py_ssize_t k = r->first[c]; k < r->first[c + 1]; k++) {
            const uint16_t *here = r->level + r->voxel[k];
            uint16_t before = here[-offset], after = here[offset];
            if (before)
                beside[next[before]++] = (uint16_t)c;
            if (after)
                beside[next[after]++] = (uint16_t)c;
        }
    for (Py_ssize_t c = 1; c <= r->n_levels; c++)
        for (Py_ssize_t k = 2 * r->first[c]; k < next[c];) {
            Py_ssize_t from = k;
            while (k < next[c] && beside[k] == beside[from])
                k++;
            if (!put(m, c, beside[from] - 1, (int32_t)(k - from)))
                return 0;
        }
    return 1;
}

/* Whether any line of this direction meets the region twice; touching or not. PyRadiomics leaves out the others. */
static int has_partners(const Region *r, int a)
{
    for (Py_ssize_t k = 0; k < r->n_voxels; k++)
        if (r->level[(Py_ssize_t)r->voxel[k] + r->offset[a]])
            return 1;
    for (Py_ssize_t k = 0; k < r->n_voxels; k++) {
        Py_ssize_t at = r->voxel[k], place[3];
        place[0] = at / r->stride[0];
        place[1] = at % r->stride[0] / r->stride[1];
        place[2] = at % r->stride[1];
        for (;;) {
            int inside = 1;
            for (int d = 0; d < 3; d++) {
                place[d] += ANGLES[a][d];
                inside &= place[d] > 0 && place[d] < r->size[d] - 1;
            }
            if (!inside)
                break;
            at += r->offset[a];
            if (r->level[at])
                return 1;
        }
    }
    return 0;
}

static int count_runs(const Region *r, Matrix *m, Py_ssize_t offset)
{
    for (Py_ssize_t c = 1; c <= r->n_levels; c++) {
        int32_t longest = 0;
        for (Py_ssize_t k = r->first[c]; k < r->first[c + 1]; k++) {
            Py_ssize_t at = r->voxel[k];
            int32_t length = r->level[at - offset] == c ? r->length[at - offset] + 1 : 1;
            r->length[at] = length;
            if (r->level[at + offset] == c)
                continue;
            r->histogram[length]++;
            if (length > longest)
                longest = length;
        }
        if (!put_histogram(m, c, r->histogram, longest))
            return 0;
    }
    return 1;
}

/* 26-connected zones of one level, by flooding. `pending` has a place a voxel of the commonest level. */
static int count_zones(const Region *r, Matrix *m, uint32_t *pending)
{
    for (Py_ssize_t k = 0; k < r->n_voxels; k++)
        r->length[r->voxel[k]] = 0;
    for (Py_ssize_t c = 1; c <= r->n_levels; c++) {
        int32_t largest = 0;
        for (Py_ssize_t k = r->first[c]; k < r->first[c + 1]; k++) {
            Py_ssize_t waiting = 1;
            int32_t size = 0;
            if (r->length[r->voxel[k]])
                continue;
            pending[0] = r->voxel[k];
            r->length[r->voxel[k]] = 1;
            while (waiting) {
                Py_ssize_t at = pending[--waiting];
                size++;
                for (int a = 0; a < 2 * DIRECTIONS; a++) {
                    Py_ssize_t beside = a < DIRECTIONS ? at + r->offset[a] : at - r->offset[a - DIRECTIONS];
                    if (r->level[beside] == c && !r->length[beside]) {
                        r->length[beside] = 1;
                        pending[waiting++] = (uint32_t)beside;
                    }
                }
            }
            r->histogram[size]++;
            if (size > largest)
                largest = size;
        }
        if (!put_histogram(m, c, r->histogram, largest))
            return 0;
    }
    return 1;
}

/* Dependences (equal neighbours, the voxel itself counted) and sums of |level - mean of the neighbours|. */
static int count_neighbourhoods(const Region *r, Matrix *m, double *difference)
{
    for (Py_ssize_t c = 1; c <= r->n_levels; c++) {
        double sum_of_differences = 0;
        for (Py_ssize_t k = r->first[c]; k < r->first[c + 1]; k++) {
            const uint16_t *here = r->level + r->voxel[k];
            int32_t equal = 1, present = 0;
            int64_t sum = 0;
            for (int a = 0; a < DIRECTIONS; a++) {
                uint16_t before = here[-r->offset[a]], after = here[r->offset[a]];
                equal += (before == c) + (after == c);
                present += (before != 0) + (after != 0);
                sum += r->value[before] + r->value[after];
            }
            r->histogram[equal]++;
            if (present) {
                double away = (double)r->value[c] - (double)sum / present;
                sum_of_differences += away < 0 ? -away : away;
            }
        }
        difference[c - 1] = sum_of_differences;
        if (!put_histogram(m, c, r->histogram, 2 * DIRECTIONS + 1))
            return 0;
    }
    return 1;
}

/* Copy the box into its padded form, find the levels present and list the voxels by level. */
static int lay_out(Region *r, const int32_t *box, const Py_ssize_t shape[3], int32_t highest)
{
    Py_ssize_t padded, *voxels_of = calloc((size_t)highest + 1, sizeof(Py_ssize_t));
    uint16_t *rank = calloc((size_t)highest + 1, sizeof(uint16_t));
    int ok = 0;
    if (!voxels_of || !rank)
        goto done;
    for (Py_ssize_t k = 0; k < shape[0] * shape[1] * shape[2]; k++)
        voxels_of[box[k]]++;
    for (Py_ssize_t v = 1; v <= highest; v++)
        if (voxels_of[v]) {
            r->n_levels++;
            r->n_voxels += voxels_of[v];
            r->largest = voxels_of[v] > r->largest ? voxels_of[v] : r->largest;
        }
    if (r->n_levels > MAX_LEVELS) {
        ok = -1;
        goto done;
    }
    padded = r->size[0] * r->stride[0];
    r->level = calloc((size_t)padded, sizeof(uint16_t));
    r->voxel = malloc((size_t)r->n_voxels * sizeof(uint32_t) + 1);
    r->first = calloc((size_t)r->n_levels + 2, sizeof(Py_ssize_t));
    r->value = calloc((size_t)r->n_levels + 1, sizeof(int32_t));
    if (!r->level || !r->voxel || !r->first || !r->value)
        goto done;
    for (Py_ssize_t v = 1, c = 0; v <= highest; v++)
        if (voxels_of[v]) {
            rank[v] = (uint16_t)++c;
            r->value[c] = (int32_t)v;
            r->first[c + 1] = r->first[c] + voxels_of[v];
            voxels_of[v] = r->first[c];
        }
    for (Py_ssize_t z = 0; z < shape[0]; z++)
        for (Py_ssize_t y = 0; y < shape[1]; y++) {
            Py_ssize_t at = (z + 1) * r->stride[0] + (y + 1) * r->stride[1] + 1;
            for (Py_ssize_t x = 0; x < shape[2]; x++, at++, box++)
                if (*box) {
                    r->level[at] = rank[*box];
                    r->voxel[voxels_of[*box]++] = (uint32_t)at;
                }
        }
    ok = 1;
done:
    free(voxels_of);
    free(rank);
    return ok;
}

enum { N_MATRICES = 4 };

/* 1 done, 0 no memory, -1 too many levels. */
static int count_all(Region *r, const int32_t *box, const Py_ssize_t shape[3], int32_t highest, int families,
                     Matrix *matrices, double **difference)
{
    Matrix *pairs = &matrices[0], *runs = &matrices[1], *zones = &matrices[2], *dependences = &matrices[3];
    Py_ssize_t longest = 2 * DIRECTIONS + 1;
    uint32_t *pending = NULL;
    uint16_t *beside = NULL;
    Py_ssize_t *next = NULL;
    int ok = lay_out(r, box, shape, highest);
    if (ok != 1)
        return ok;
    for (int d = 0; d < 3; d++)
        longest = r->size[d] > longest ? r->size[d] : longest;
    longest = r->largest > longest ? r->largest : longest;
    r->histogram = calloc((size_t)longest + 1, sizeof(int32_t));
    r->length = malloc((size_t)(r->size[0] * r->stride[0]) * sizeof(int32_t));
    *difference = calloc((size_t)r->n_levels + 1, sizeof(double));
    pending = malloc((size_t)r->largest * sizeof(uint32_t) + 1);
    beside = malloc((size_t)r->n_voxels * 2 * sizeof(uint16_t) + 1);
    next = malloc((size_t)(r->n_levels + 1) * sizeof(Py_ssize_t));
    ok = r->histogram && r->length && *difference && pending && beside && next;
    for (int a = 0; ok && a < DIRECTIONS; a++) {
        if (families & PAIRS)
            ok = count_pairs(r, pairs, r->offset[a], beside, next);
        if (ok && families & RUNS && has_partners(r, a))
            ok = count_runs(r, runs, r->offset[a]);
        pairs->start[a + 1] = pairs->used;
        runs->start[a + 1] = runs->used;
    }
    if (ok && families & ZONES)
        ok = count_zones(r, zones, pending);
    if (ok && families & (DEPENDENCES | DIFFERENCES))
        ok = count_neighbourhoods(r, dependences, *difference);
    zones->start[1] = zones->used;
    dependences->start[1] = dependences->used;
    free(pending);
    free(beside);
    free(next);
    return ok;
}

static PyObject *bytes_of(const void *data, Py_ssize_t n, size_t size)
{
    return PyBytes_FromStringAndSize(data, n * (Py_ssize_t)size);
}

static PyObject *matrix_of(const Matrix *m, int directions)
{
    return Py_BuildValue("(NNNN)", bytes_of(m->start, directions + 1, sizeof(int64_t)),
                         bytes_of(m->row, m->used, sizeof(int32_t)), bytes_of(m->column, m->used, sizeof(int32_t)),
                         bytes_of(m->count, m->used, sizeof(int32_t)));
}

static PyObject *result_of(const Region *r, const Matrix *matrices, const double *difference)
{
    return Py_BuildValue("(NNNNNNN)", bytes_of(r->value + 1, r->n_levels, sizeof(int32_t)),
                         bytes_of(r->first + 1, r->n_levels + 1, sizeof(Py_ssize_t)),
                         matrix_of(&matrices[0], DIRECTIONS), matrix_of(&matrices[1], DIRECTIONS),
                         matrix_of(&matrices[2], 1), matrix_of(&matrices[3], 1),
                         bytes_of(difference, r->n_levels, sizeof(double)));
}

/* Whether the padded box can be indexed by 32 bits; sizes and strides of it. */
static int measure(Region *r, const Py_ssize_t shape[3])
{
    double padded = 1;
    for (int d = 0; d < 3; d++) {
        if (shape[d] < 1)
            return 0;
        r->size[d] = shape[d] + 2;
        padded *= (double)r->size[d];
    }
    if (padded >= 2147483648.0)
        return 0;
    r->stride[2] = 1;
    r->stride[1] = r->size[2];
    r->stride[0] = r->size[1] * r->size[2];
    for (int a = 0; a < DIRECTIONS; a++)
        for (int d = 0; d < 3; d++)
            r->offset[a] += ANGLES[a][d] * r->stride[d];
    return 1;
}

/* The highest level, or -1 where one is negative. */
static int32_t highest_level(const int32_t *box, Py_ssize_t n)
{
    int32_t highest = 0, lowest = 0;
    for (Py_ssize_t k = 0; k < n; k++) {
        highest = box[k] > highest ? box[k] : highest;
        lowest = box[k] < lowest ? box[k] : lowest;
    }
    return lowest < 0 ? -1 : highest;
}

PyDoc_STRVAR(count_doc,
    "count(shape, levels, families)\n--\n\n"
    "Count in `levels` (int32, shape (z, y, x), 0 outside the region). `families` is a sum of 1 pairs, 2 dependences,\n"
    "4 runs, 8 zones, 16 differences. Return as bytes: levels present (int32), where their voxels begin and end\n"
    "(intp), four matrices (pairs, runs, zones, dependences), each as where the directions begin (int64), rows (int32,\n"
    "from 0), columns (pairs: the same as rows; else length, size, dependence) and counts (int32); differences (float64).");

static PyObject *count(PyObject *module, PyObject *args)
{
    PyObject *source, *result = NULL;
    Py_buffer view;
    Py_ssize_t shape[3];
    Region region = {0};
    Matrix matrices[N_MATRICES] = {0};
    double *difference = NULL;
    int families, ok = 0;
    int32_t highest;
    (void)module;
    if (!PyArg_ParseTuple(args, "(nnn)Oi", &shape[0], &shape[1], &shape[2], &source, &families))
        return NULL;
    if (!measure(&region, shape)) {
        PyErr_SetString(PyExc_ValueError, "the box must have voxels, and fewer than 2^31");
        return NULL;
    }
    if (PyObject_GetBuffer(source, &view, PyBUF_C_CONTIGUOUS))
        return NULL;
    if (view.len != shape[0] * shape[1] * shape[2] * (Py_ssize_t)sizeof(int32_t)) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError, "levels must be int32 of the given shape");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    highest = highest_level(view.buf, view.len / (Py_ssize_t)sizeof(int32_t));
    if (highest > 0)
        ok = count_all(&region, view.buf, shape, highest, families, matrices, &difference);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (highest <= 0)
        PyErr_SetString(PyExc_ValueError, "levels must be positive inside the region, 0 outside, and some inside");
    else if (ok < 0)
        PyErr_Format(PyExc_ValueError, "more than %d grey levels", MAX_LEVELS);
    else if (!ok)
        PyErr_NoMemory();
    else
        result = result_of(&region, matrices, difference);
    for (int k = 0; k < N_MATRICES; k++) {
        free(matrices[k].row);
        free(matrices[k].column);
        free(matrices[k].count);
    }
    free(region.level);
    free(region.voxel);
    free(region.first);
    free(region.value);
    free(region.length);
    free(region.histogram);
    free(difference);
    return result;
}

PyDoc_STRVAR(add_in_order_doc,
    "add_in_order(values)\n--\n\n"
    "Add float64 values one after the other, as numpy does over the leading axes of an array.");

static PyObject *add_in_order(PyObject *module, PyObject *values)
{
    Py_buffer view;
    double sum = 0;
    (void)module;
    if (PyObject_GetBuffer(values, &view, PyBUF_C_CONTIGUOUS))
        return NULL;
    if (view.itemsize != sizeof(double)) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError, "values must be float64");
        return NULL;
    }
    for (Py_ssize_t k = 0; k < view.len / (Py_ssize_t)sizeof(double); k++)
        sum += ((const double *)view.buf)[k];
    PyBuffer_Release(&view);
    return PyFloat_FromDouble(sum);
}

static PyMethodDef methods[] = {
    {"count", count, METH_VARARGS, count_doc},
    {"add_in_order", add_in_order, METH_O, add_in_order_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_textures", "Counts behind the texture features.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__textures(void);

PyMODINIT_FUNC PyInit__textures(void)
{
    return PyModule_Create(&module);
}
