<?php
// What a PHP vendor writes against one service version. Arguments: the WSDL's address, the version, the
// account as JSON, an own id. Prints what came back as one JSON object.
declare(strict_types=1);

[, $wsdl, $version, $account, $ownId] = $argv;
$credentials = json_decode($account, true, flags: JSON_THROW_ON_ERROR);

$education = ['startDateTime' => '2025-03-10T00:00:00', 'activityFormat' => ['string' => 'C']];
if ($version !== 'v1') {
    $education['endDateTime'] = '2025-03-11T00:00:00';
    $education['activityFormat'] = ['string' => 'Committee Learning'];
}
$record = fn (string $title): array => [
    'ReportDescription' => ['ReportingStartDate' => '2025-01-01', 'ReportingEndDate' => '2025-12-31'],
    'ActivityDescription' => [
        'lom' => [
            'general' => [
                'identifier' => ['catalog' => 'Provider Activity ID', 'entry' => $ownId],
                'title' => ['string' => $title],
                'description' => ['string' => ''],
            ],
            'healthcareMetadata' => ['healthcareEducation' => $education],
        ],
    ],
    'ParticipationMetrics' => ['ParticipantsByCategory' => ['_' => 12, 'category' => 'physician']],
];

$soap = str_contains($wsdl, 'soap=1.2') ? SOAP_1_2 : SOAP_1_1;
$options = ['cache_wsdl' => WSDL_CACHE_NONE, 'connection_timeout' => 10, 'soap_version' => $soap];
$client = new SoapClient($wsdl, $options);
$name = fn (string $signature): string => preg_replace('/^\S+ (\w+)\(.*$/s', '$1', $signature);
$call = fn (string $operation, array $parameters) => $client->$operation($parameters)->{"{$operation}Result"};
$save = fn (string $title) => $call('SaveActivity', [
    'ACCMEActivities' => ['MedicalEducationMetrics' => $record($title)],
    'SubmissionKey' => null,
    ...$credentials,
]);

$told = [
    'operations' => array_map($name, $client->__getFunctions()),
    'info' => $call('GetServiceInfo', []),
    'saved' => $save('Ärzte & <Pflege>'),
    'read' => $call('GetActivity', $credentials + ['ProviderActivityId' => $ownId]),
    'refused' => $save(str_repeat('x', 501)),
];
try {
    $call('GetActivity', ['Password' => 'wrong', 'ProviderActivityId' => $ownId] + $credentials);
} catch (SoapFault $fault) {
    $told['fault'] = ['faultcode' => $fault->faultcode, 'detail' => $fault->detail];
}
echo json_encode($told, JSON_THROW_ON_ERROR);
