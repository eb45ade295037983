/* What the families of feature maps share: a voxel's neighbourhood, sums in numpy's order, means over directions. */
#ifndef ESCC_MAPS_KERNEL_H
#define ESCC_MAPS_KERNEL_H

#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SLOTS 27
#define CENTRE 13
#define DIRECTIONS 13
#define EPS DBL_EPSILON
#define EULER 2.718281828459045
#define MOST_FEATURES 24

/* What is the same for all neighbourhoods. `step` is what a direction adds to a slot. */
typedef struct {
    int step[DIRECTIONS][3];
    Py_ssize_t offset[SLOTS];
    Py_ssize_t n_levels, n_present;
    double voxel_volume;
    int wants_mcc;
} Plan;

/* One neighbourhood: grey levels by slot, slots in the order of the image. */
typedef struct {
    int n_voxels, n;    /* voxels of the region; distinct grey levels */
    int code[SLOTS];    /* index of a slot's grey level, -1 outside the region */
    double grey[SLOTS]; /* the distinct levels, rising */
    double value[SLOTS];
} Kernel;

static int is_inside(int slot, const int *step, int *to)
{
    int z = slot / 9 + step[0], y = slot / 3 % 3 + step[1], x = slot % 3 + step[2];
    *to = z * 9 + y * 3 + x;
    return z >= 0 && z < 3 && y >= 0 && y < 3 && x >= 0 && x < 3;
}

static void lay_out(Plan *plan, Py_ssize_t rows, Py_ssize_t columns)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        int z = slot / 9 - 1, y = slot / 3 % 3 - 1, x = slot % 3 - 1;
        plan->offset[slot] = (z * rows + y) * columns + x;
        if (slot > CENTRE) { /* (1, 1, 1) first */
            int *step = plan->step[SLOTS - 1 - slot];
            step[0] = z;
            step[1] = y;
            step[2] = x;
        }
    }
}

static void gather(const Plan *plan, const int32_t *levels, const double *values, Kernel *k)
{
    int level[SLOTS];
    k->n_voxels = k->n = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
        int32_t here = levels[plan->offset[slot]];
        int at = 0;
        level[slot] = here;
        k->value[slot] = values[plan->offset[slot]];
        if (here == 0)
            continue;
        k->n_voxels++;
        while (at < k->n && k->grey[at] < here)
            at++;
        if (at < k->n && k->grey[at] == here)
            continue;
        memmove(k->grey + at + 1, k->grey + at, (size_t)(k->n - at) * sizeof(double));
        k->grey[at] = here;
        k->n++;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
        k->code[slot] = -1;
        for (int i = 0; i < k->n && level[slot]; i++)
            if (k->grey[i] == level[slot])
                k->code[slot] = i;
    }
}

/* numpy's pairwise sum of fewer than 128 numbers. */
static double sum_like_numpy(const double *x, int n)
{
    double r[8], total = 0;
    int i = 0;
    if (n >= 8) {
        memcpy(r, x, sizeof r);
        for (i = 8; i + 8 <= n; i += 8)
            for (int j = 0; j < 8; j++)
                r[j] += x[i + j];
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    }
    for (; i < n; i++)
        total += x[i];
    return total;
}

static double entropy_of(double p)
{
    return p > 0 ? -p * log2(p + EPS) : 0;
}

typedef struct {
    double value[MOST_FEATURES][DIRECTIONS]; /* 0 where a direction has no value */
    int n[MOST_FEATURES];
} Means;

static void take_in(Means *means, int direction, const double *values, int n)
{
    for (int i = 0; i < n; i++)
        if (!isnan(values[i])) {
            means->value[i][direction] = values[i];
            means->n[i]++;
        }
}

static void give_out(const Means *means, int n, double *out)
{
    for (int i = 0; i < n; i++)
        out[i] = means->n[i] ? sum_like_numpy(means->value[i], DIRECTIONS) / means->n[i] : NAN;
}

#endif
