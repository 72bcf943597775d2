/**
 * The entity types of XAPI that the simulator knows, with the property names and kinds that the
 * published interface of 20.0.10 gives them. Names are kept as 3CX spells them (`actionDnDn`).
 */
import { type EntityType, entityType } from "./odata/schema.ts";

const CLICK_TO_CALL = {
  text: "CallUsRequirement ClickToCallId",
  flag: "CallUsEnableChat CallUsEnablePhone CallUsEnableVideo",
};
const ROUTES = "BreakRoute HolidaysRoute OutOfOfficeRoute";

export const TYPES = {
  user: entityType("User", {
    number: "Id PinProtectTimeout PrimaryGroupId",
    text: `Number FirstName LastName DisplayName EmailAddress Mobile CurrentProfileName QueueStatus
      OutboundCallerID AccessPassword AuthID AuthPassword Blfs ContactImage DeskphonePassword
      EmergencyAdditionalInfo EmergencyLocationId HotdeskingAssignment Language PromptSet SIPID
      SRTPMode TranscriptionMode VMEmailOptions VMPIN VMPlayMsgDateTime WebMeetingFriendlyName
      ${CLICK_TO_CALL.text}`,
    flag: `Enabled Internal IsRegistered RecordCalls RecordExternalCallsOnly VMEnabled AIAgent
      AllowLanOnly AllowOwnRecordings BlockTunnel CallScreening DatevEnabled Enable2FA
      EnableHotdesking ForbidRecording GoogleCalendarEnabled GoogleContactsEnabled
      GoogleSignInEnabled HideInPhonebook MS365CalendarEnabled MS365ContactsEnabled
      MS365SignInEnabled MS365TeamsEnabled MyPhoneAllowDeleteRecordings MyPhoneHideForwardings
      MyPhonePush MyPhoneShowRecordings PbxDeliversAudio PinProtected RecordEmailNotify Require2FA
      SendEmailMissedCalls VMDisablePinAuth VMPlayCallerID WebMeetingApproveParticipants
      ${CLICK_TO_CALL.flag}`,
    complex: "AgentSettings BreakTime Hours",
    list: "OfficeHoursProps Tags",
    nav: "Groups Phones ForwardingProfiles ForwardingExceptions Greetings",
  }),
  queue: entityType("Queue", {
    number: `Id RingTimeout MasterTimeout MaxCallersInQueue SLATime WrapUpTime CallbackEnableTime
      AnnounceEstimatedWaitTimeInterval AnnouncementInterval AutoLogoutMissedCalls
      ComfortPromptsInterval`,
    text: `Number Name PollingStrategy Recording CallbackPrefix CallbackOfferPrompt
      DestinationNoAnswerPrompt GreetingFile IntroFile OnHoldFile PromptSet TranscriptionMode
      TypeOfChatOwnershipType VMEmailList VMEmailOptions ${CLICK_TO_CALL.text}`,
    flag: `IsRegistered AgentAvailabilityMode AnnounceEstimatedWaitTime AnnounceQueuePosition
      CallbackOfferOnly ComfortPromptsEnabled EnableIntro MaxWaitStrategyEnabled PlayFullPrompt
      PriorityQueue ResetStatisticsScheduleEnabled SkillBasedRingAllCumulativePollingEnabled
      StopBackgroundWhenPrompt ${CLICK_TO_CALL.flag}`,
    complex: `ForwardNoAnswer ResetQueueStatisticsSchedule ${ROUTES}`,
    list: "ComfortPrompts MaxWaitTimeSkillGroupValues NotifyCodes",
    nav: "Agents Managers Groups",
  }),
  ringGroup: entityType("RingGroup", {
    number: "Id RingTime MulticastPacketTime MulticastPort",
    text: `Number Name RingStrategy GreetingFile MulticastAddress MulticastCodec TranscriptionMode
      VMEmailList VMEmailOptions ${CLICK_TO_CALL.text}`,
    flag: `IsRegistered ${CLICK_TO_CALL.flag}`,
    complex: `ForwardNoAnswer ${ROUTES}`,
    nav: "Members Groups",
  }),
  receptionist: entityType("Receptionist", {
    number: "Id Timeout",
    text: `Number Name IVRType TimeoutForwardDN TimeoutForwardPeerType TimeoutForwardType
      PromptFilename PromptSet ForwardSmsTo InvalidKeyForwardDN TranscriptionMode`,
    flag: "IsRegistered TransferEnable UseMSExchange",
    complex: ROUTES,
    nav: "Forwards Groups",
  }),
  trunk: entityType("Trunk", {
    number: "Id SimultaneousCalls TunnelRemotePort",
    text: `Number Direction ExternalNumber AuthID Certificate CertificateExpirationDate
      CertificateName ConfigurationIssue E164CountryCode IPRestriction OutboundCallerID
      PublicIPinSIP RemoteMyPhoneUriHost RemotePBXPreffix ScriptName SecondaryRegistrar
      SeparateAuthId TranscriptionMode TransportRestriction TunnelRemoteAddr`,
    flag: `IsOnline EnableInboundCalls EnableOutboundCalls DisableCallTransfer DisableVideo
      DiversionHeader E164ProcessIncomingNumber PublishInfo ReceiveInfo TunnelEnabled
      UseSeparateAuthId`,
    complex: "Gateway AuthPassword Messaging",
    list: "DidNumbers InCIDFormatting OutCIDFormatting PublicInfoGroups Tags TrunkRegTimes",
    nav: "RoutingRules ReceiveExtensions EmergencyGeoLocations Groups",
  }),
  didNumber: entityType("DidNumber", {
    text: "Number TemplateFileName",
    number: "TrunkId",
    nav: "RoutingRule",
  }),
  inboundRule: entityType("InboundRule", {
    number: "Id",
    text: "RuleName Data Condition CallType CustomData",
    flag: "AlterDestinationDuringHolidays AlterDestinationDuringOutOfOfficeHours",
    complex: "OfficeHoursDestination OutOfOfficeHoursDestination HolidaysDestination Hours",
    nav: "TrunkDN",
  }),
  outboundRule: entityType("OutboundRule", {
    number: "Id Priority",
    text: "Name Prefix NumberLengthRanges",
    flag: "EmergencyRule",
    list: "Routes DNRanges GroupIds GroupNames",
  }),
  peer: entityType("Peer", {
    number: "Id",
    text: "Number Name Type",
    flag: "Hidden",
    list: "Tags",
    nav: "MemberOf",
  }),
  parking: entityType("Parking", { number: "Id", text: "Number TranscriptionMode", nav: "Groups" }),
  group: entityType("Group", {
    number: "Id AnswerAfter",
    text: `Number Name Language TimeZoneId CurrentGroupHours CustomPrompt MusicOnHold PromptSet
      TranscriptionMode ${CLICK_TO_CALL.text}`,
    flag: `IsDefault HasMembers AllowCallService DisableCustomPrompt GloballyVisible
      OverrideHolidays ${CLICK_TO_CALL.flag}`,
    time: "LastLoginTime OverrideExpiresAt",
    complex: `BreakTime CustomOperator Hours OfficeRoute Props ${ROUTES}`,
    list: "CallHandlingMode",
    nav: "Members Rights Groups OfficeHolidays",
  }),
  contact: entityType("Contact", {
    number: "Id",
    text: `FirstName LastName PhoneNumber CompanyName ContactType Department Email Title Business
      Business2 BusinessFax Home Mobile2 Other Pager Tag`,
  }),
  fax: entityType("Fax", {
    number: "Id",
    text: "Number AuthID AuthPassword OutboundCallerId TranscriptionMode",
    flag: "FaxServer",
    nav: "Groups",
  }),
  sipDevice: entityType("SipDevice", {
    number: "Id",
    text: "PhoneWebPassword ProvLink",
    complex: "Registrar",
    nav: "DN",
  }),
  deviceInfo: entityType("DeviceInfo", {
    number: "Id",
    text: `MAC Model Vendor UserAgent AssignedUser FirmwareVersion InterfaceLink NetworkAddress
      NetworkPath Parameters SbcName TemplateName`,
    flag: "Assigned ViaSBC",
    time: "DetectedAt",
  }),
  holiday: entityType("Holiday", {
    number: "Id Day DayEnd Month MonthEnd Year YearEnd",
    text: "Name Group HolidayPrompt",
    flag: "IsRecurrent",
    duration: "TimeOfStartDate TimeOfEndDate",
  }),
  servicePrincipal: entityType("ServicePrincipal", {
    number: "Id",
    text: "Number TranscriptionMode",
    flag: "CallControlEnabled XAPIEnabled MyPhoneEnabled IsSystem",
    time: "LastUsed",
    nav: "Peers Groups",
  }),
  activeCall: entityType("ActiveCall", {
    number: "Id",
    text: "Caller Callee Status",
    time: "EstablishedAt LastChangeStatus ServerNow",
  }),
  recording: entityType("Recording", {
    number: `Id FromDnType FromIdParticipant ToDnType ToIdParticipant RefParticipantId
      SentimentScore TranscriptionResult`,
    text: `RecordingUrl CallType FromDn FromCallerNumber FromDisplayName FromDidNumber
      FromCrmContact ToDn ToCallerNumber ToDisplayName ToDidNumber ToCrmContact ArchivedUrl
      Transcription Summary`,
    flag: "IsArchived IsTranscribed CanBeTranscribed",
    time: "StartTime EndTime",
  }),
  callHistoryView: entityType("CallHistoryView", {
    number: `SegmentId SegmentType SegmentActionId SrcId SrcDnType SrcParticipantId SrcRecId DstId
      DstDnType DstParticipantId DstRecId`,
    text: `SrcDn SrcCallerNumber SrcDisplayName SrcExtendedDisplayName DstDn DstCallerNumber
      DstDisplayName DstExtendedDisplayName`,
    flag: "CallAnswered SrcExternal SrcInternal DstExternal DstInternal",
    time: "SegmentStartTime SegmentEndTime",
    duration: "CallTime",
  }),
  callLogData: entityType("CallLogData", {
    number: `CallId SegmentId Indent SubrowDescNumber SourceType DestinationType ActionDnType
      ActionType SrcRecId DstRecId CallCost SentimentScore`,
    text: `CdrId MainCallHistoryId CallHistoryId Direction CallType Status Reason SourceDn
      SourceCallerId SourceDisplayName DestinationDn DestinationCallerId DestinationDisplayName
      actionDnDn ActionDnCallerId ActionDnDisplayName RecordingUrl Summary Transcription`,
    flag: "Answered QualityReport",
    time: "StartTime",
    duration: "RingingDuration TalkingDuration",
    list: "Recordings",
  }),
  agentsInQueue: entityType("AgentsInQueueStatistics", {
    number: "AnsweredCount AnsweredPercent AnsweredPerHourCount LostCount",
    text: "Dn DnDisplayName Queue QueueDisplayName",
    duration: "AvgRingTime AvgTalkTime LoggedInTime RingTime TalkTime",
  }),
  queuePerformance: entityType("QueuePerformanceOverview", {
    number: `ExtensionAnsweredCount ExtensionDroppedCount QueueAnsweredCount QueueReceivedCount
      SortOrder`,
    text: "ExtensionDisplayName ExtensionDn QueueDisplayName QueueDn",
    duration: "TalkTime",
  }),
  abandonedQueueCall: entityType("AbandonedQueueCalls", {
    number: "PollingAttempts",
    text: "CallerId CallHistoryId ExtensionDisplayName ExtensionDn QueueDisplayName QueueDn",
    flag: "IsLoggedIn",
    time: "CallTime CallTimeForCsv",
    duration: "WaitTime",
  }),
  inboundRuleReport: entityType("InboundRuleReport", {
    number: "Id",
    text: "RuleName DID Trunk",
    complex: "InOfficeRouting OutOfficeRouting",
  }),
  systemExtension: entityType("SystemExtensionStatus", {
    text: "Number Name Type",
    flag: "IsRegistered",
  }),
} satisfies Record<string, EntityType>;
